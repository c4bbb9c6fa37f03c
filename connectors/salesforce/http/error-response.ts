// An error response -> ConnectorError. Salesforce responds with a list of {errorCode, message}; the
// code is more specific than the HTTP status.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm
import { z } from 'zod';
import { ConnectorError, type ConnectorErrorKind } from '../../../src/crm/connector-error.ts';
import { ownPropertiesIn, redactPersonalData, safeCode } from '../../kit/redact.ts';
import { retryAfterMs } from '../../kit/retry-after.ts';
import type { RawResponse } from './send-request.ts';

const errorsSchema = z.array(z.looseObject({ errorCode: z.string(), message: z.string().default('') })).min(1);

/** Codes that are more specific than their HTTP status. */
const BY_CODE: Readonly<Record<string, ConnectorErrorKind>> = {
  REQUEST_LIMIT_EXCEEDED: 'budget-spent',
  // Too many long requests run concurrently.
  SERVER_UNAVAILABLE: 'retry',
  UNABLE_TO_LOCK_ROW: 'retry',
  // The same query would fail again: it is cut into smaller ones instead.
  QUERY_TIMEOUT: 'invalid',
  OPERATION_TOO_LARGE: 'invalid',
  // A problem of the whole org: it makes no single stream unavailable.
  API_DISABLED_FOR_ORG: 'configuration',
  API_CURRENTLY_DISABLED: 'retry',
  FUNCTIONALITY_NOT_ENABLED: 'forbidden',
  INSUFFICIENT_ACCESS: 'forbidden',
  // Salesforce reports an object that this user may not see as nonexistent.
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

/** @param what the call in plain English, e.g. "reading Leads" */
export function toConnectorError(what: string, { status, headers, text }: RawResponse, now: Date): ConnectorError {
  const { errorCode: givenCode, message } = firstError(text);
  const errorCode = safeCode(givenCode) ?? '';
  const kind = kindOf(status, errorCode, message);
  const waitMs = retryAfterMs(headers, now) ?? (kind === 'rate-limited' ? RATE_LIMIT_WAIT_MS : null);
  const fix = fixOf(kind, status, errorCode);
  return new ConnectorError({
    kind,
    crm: 'salesforce',
    message: `Salesforce refused ${what}: ${[status, errorCode].filter(Boolean).join(' ')}${ownPropertiesIn(message)}`,
    reason: redactPersonalData(message) || 'no reason given',
    code: errorCode === '' ? `HTTP_${status}` : errorCode,
    ...(fix === undefined ? {} : { fix }),
    ...(waitMs === null ? {} : { retryAfterMs: waitMs }),
  });
}

function kindOf(status: number, code: string, message: string): ConnectorErrorKind {
  // Salesforce uses one code for the daily quota and for too many concurrent long requests. Only
  // the latter is temporary.
  if (code === 'REQUEST_LIMIT_EXCEEDED' && /concurrent/i.test(message)) return 'rate-limited';
  if (status >= 300 && status < 400) return 'configuration';
  return BY_CODE[code] ?? BY_STATUS[status] ?? (status >= 500 ? 'retry' : 'invalid');
}

/**
 * Empty strings for any other body, such as a gateway's HTML page: the status alone describes the
 * error.
 */
function firstError(text: string): { errorCode: string; message: string } {
  try {
    const [first] = errorsSchema.parse(JSON.parse(text));
    return { errorCode: first?.errorCode ?? '', message: first?.message ?? '' };
  } catch {
    return { errorCode: '', message: '' };
  }
}

/** Fixes of queries that Salesforce refuses because of the number of records that they scan. */
const QUERY_FIXES: Readonly<Record<string, string>> = {
  // https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_task.htm
  OPERATION_TOO_LARGE:
    'Give the integration user the permission View All Data (or View All on the object): Salesforce then need not check the sharing of each record. Leadgrade tries again by itself.',
  QUERY_TIMEOUT:
    'Give the integration user View All on the object, and ask Salesforce Support for an index on SystemModstamp if the object has millions of records. Leadgrade tries again by itself.',
};

function fixOf(kind: ConnectorErrorKind, status: number, code: string): string | undefined {
  if (Object.hasOwn(QUERY_FIXES, code)) return QUERY_FIXES[code];
  if (code === 'API_DISABLED_FOR_ORG') {
    return 'Grant the integration user the permission API Enabled, in a Salesforce edition that includes API access.';
  }
  if (kind === 'auth')
    return 'Check the External Client App: its Run As user, its policies, and SALESFORCE_CLIENT_SECRET.';
  if (kind === 'forbidden') return 'Assign the permission set Leadgrade Integration to the integration user.';
  if (kind === 'configuration' && status < 400) return 'Set SALESFORCE_LOGIN_URL to the My Domain URL of the org.';
  if (kind === 'configuration') return 'Set SALESFORCE_API_VERSION to a version that the org supports.';
  return undefined;
}
