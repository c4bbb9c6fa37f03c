// A refused call -> ConnectorError. Salesforce answers with a list of {errorCode, message}; the code tells more than the status.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm
import { z } from 'zod';
import { ConnectorError, type ConnectorErrorKind } from '../../../src/crm/connector-error.ts';
import { redactPersonalData } from '../../kit/redact.ts';
import { retryAfterMs } from '../../kit/retry-after.ts';
import type { RawAnswer } from './send-request.ts';

const refusalSchema = z.array(z.looseObject({ errorCode: z.string(), message: z.string().default('') })).min(1);

/** Codes that say more than their status. */
const BY_CODE: Readonly<Record<string, ConnectorErrorKind>> = {
  REQUEST_LIMIT_EXCEEDED: 'budget-spent',
  // Too many long requests at once.
  SERVER_UNAVAILABLE: 'retry',
  UNABLE_TO_LOCK_ROW: 'retry',
  QUERY_TIMEOUT: 'retry',
  // Trouble of the whole org: no stream of it is closed for that.
  API_DISABLED_FOR_ORG: 'configuration',
  API_CURRENTLY_DISABLED: 'retry',
  FUNCTIONALITY_NOT_ENABLED: 'forbidden',
  INSUFFICIENT_ACCESS: 'forbidden',
  // An object that this user may not see does not exist for it.
  INVALID_TYPE: 'forbidden',
  UNSUPPORTED_API_VERSION: 'configuration',
};

const BY_STATUS: Readonly<Record<number, ConnectorErrorKind>> = {
  401: 'auth',
  403: 'forbidden',
  404: 'not-found',
  408: 'retry',
  420: 'rate-limited',
  423: 'retry',
  429: 'rate-limited',
};

const RATE_LIMIT_WAIT_MS = 10_000;

/** @param what the call in words, e.g. "reading Leads" */
export function toConnectorError(what: string, { status, headers, text }: RawAnswer, now: Date): ConnectorError {
  const { errorCode, message } = refusalOf(text);
  const kind = kindOf(status, errorCode, message);
  const wait = retryAfterMs(headers, now) ?? (kind === 'rate-limited' ? RATE_LIMIT_WAIT_MS : null);
  const said = redactPersonalData([errorCode, message].filter((part) => part !== '').join(', ')) || 'without a reason';
  const fix = fixOf(kind, status, errorCode);
  return new ConnectorError({
    kind,
    crm: 'salesforce',
    message: `Salesforce refused ${what}: ${status} ${said}`,
    code: errorCode === '' ? `HTTP_${status}` : errorCode,
    ...(fix === undefined ? {} : { fix }),
    ...(wait === null ? {} : { retryAfterMs: wait }),
  });
}

function kindOf(status: number, code: string, message: string): ConnectorErrorKind {
  // The same code for the calls of the day and for too many long ones at once; the latter passes.
  if (code === 'REQUEST_LIMIT_EXCEEDED' && /concurrent/i.test(message)) return 'rate-limited';
  if (status >= 300 && status < 400) return 'configuration';
  return BY_CODE[code] ?? BY_STATUS[status] ?? (status >= 500 ? 'retry' : 'invalid');
}

/** Nothing of a gateway's page is shown: the status says enough. */
function refusalOf(text: string): { errorCode: string; message: string } {
  try {
    const [first] = refusalSchema.parse(JSON.parse(text));
    return { errorCode: first?.errorCode ?? '', message: first?.message ?? '' };
  } catch {
    return { errorCode: '', message: '' };
  }
}

function fixOf(kind: ConnectorErrorKind, status: number, code: string): string | undefined {
  if (code === 'API_DISABLED_FOR_ORG') {
    return 'Give the integration user the permission API Enabled, in an edition of Salesforce that has API access.';
  }
  if (kind === 'auth')
    return 'Check the External Client App: its Run As user, its policies, and SALESFORCE_CLIENT_SECRET.';
  if (kind === 'forbidden') return 'Give the integration user the permission set Leadgrade Integration.';
  if (kind === 'configuration' && status < 400) return 'Set SALESFORCE_LOGIN_URL to the My Domain URL of the org.';
  if (kind === 'configuration') return 'Set SALESFORCE_API_VERSION to a version that the org has.';
  return undefined;
}
