// A refused HubSpot call -> ConnectorError. One table of statuses; HubSpot: "all fields in the error body should be treated
// as optional".
import { z } from 'zod';
import { ConnectorError, type ConnectorErrorKind } from '../../../src/crm/connector-error.ts';
import { redactPersonalData } from '../../kit/redact.ts';
import { retryAfterMs } from '../../kit/retry-after.ts';

const text = z.string().optional().catch(undefined);

/** One row of `errors` in a refusal, or in a 207. */
export const rowErrorSchema = z.looseObject({
  status: text,
  category: text,
  subCategory: text,
  code: text,
  message: text,
  context: z.record(z.string(), z.unknown()).optional().catch(undefined),
});
export type RowError = z.infer<typeof rowErrorSchema>;

const NOT_FOUND = 'OBJECT_NOT_FOUND';

/** Says that an object does not exist, and not that something went wrong with it. */
export function isObjectNotFound({ category, subCategory }: Pick<RowError, 'category' | 'subCategory'>): boolean {
  return category === NOT_FOUND || subCategory === NOT_FOUND;
}

/** The objects that a row of `errors` is about, by id or by what they were asked for. */
export function failedIds({ context = {} }: RowError): readonly string[] {
  const named = [context.ids, context.id, context.objectId].flat();
  return named.filter((value) => value !== undefined && value !== null).map(String);
}

const errorBodySchema = z.looseObject({
  message: text,
  category: text,
  subCategory: text,
  errorType: text,
  policyName: text,
  errors: z.array(rowErrorSchema).optional().catch(undefined),
  validationResults: z
    .array(z.looseObject({ error: text, name: text }))
    .optional()
    .catch(undefined),
});
export type ErrorBody = z.infer<typeof errorBodySchema>;

const KINDS: Readonly<Record<number, ConnectorErrorKind>> = {
  401: 'auth',
  403: 'forbidden',
  404: 'not-found',
  408: 'retry',
  423: 'retry', // locked: another write is under way
  425: 'retry',
  429: 'rate-limited',
  477: 'retry', // the portal is being moved between data centers; Retry-After says how long
};

// HubSpot: wait two seconds at least after a 423.
const LOCKED_WAIT_MS = 2000;

/** The refusal as the `cause` of a ConnectorError, for those who look for the rows that it names. */
export class HubSpotHttpError extends Error {
  override readonly name = 'RefusedCall';
  readonly status: number;
  readonly body: ErrorBody;

  constructor(status: number, body: ErrorBody) {
    super(`HubSpot answered ${status}`);
    this.status = status;
    this.body = body;
  }
}

/** @param what the call in words, e.g. "reading contacts" */
export function toConnectorError(what: string, response: Response, bodyText: string, now: Date): ConnectorError {
  const body = parseErrorBody(bodyText);
  const kind = kindOf(response.status, body);
  const waited = retryAfterMs(response.headers, now) ?? defaultWait(response.status, body);
  const code = body.subCategory ?? body.category ?? body.errorType ?? `HTTP_${response.status}`;
  const fix = fixOf(kind, body);
  return new ConnectorError({
    kind,
    crm: 'hubspot',
    message: `HubSpot refused ${what}: ${response.status} ${redactPersonalData(body.message ?? 'without a reason')}`,
    code: isDaily(body) ? 'DAILY' : code,
    cause: new HubSpotHttpError(response.status, body),
    ...(fix === undefined ? {} : { fix }),
    ...(waited === null ? {} : { retryAfterMs: waited }),
  });
}

function kindOf(status: number, body: ErrorBody): ConnectorErrorKind {
  if (status === 429 && isDaily(body)) return 'budget-spent';
  return KINDS[status] ?? (status >= 500 ? 'retry' : 'invalid');
}

function parseErrorBody(bodyText: string): ErrorBody {
  try {
    const parsed = errorBodySchema.safeParse(JSON.parse(bodyText));
    return parsed.success ? parsed.data : {};
  } catch {
    // A proxy's or a gateway's HTML page: the status says enough.
    return {};
  }
}

function defaultWait(status: number, body: ErrorBody): number | null {
  if (status === 423) return LOCKED_WAIT_MS;
  if (status !== 429 || isDaily(body)) return null;
  // Searches say "secondly" in the message alone; the burst limit names its policy as well.
  const said = `${body.policyName ?? ''} ${body.message ?? ''}`.toLowerCase();
  return said.includes('ten_secondly') || !said.includes('secondly') ? 10_000 : 1000;
}

function isDaily(body: ErrorBody): boolean {
  return /\bdaily\b/i.test(`${body.policyName ?? ''} ${body.message ?? ''}`);
}

/** The scopes that a 403 asks for, each once. */
export function missingScopes(body: ErrorBody): readonly string[] {
  const scopes = (body.errors ?? []).flatMap((error) => {
    const named = error.context?.requiredGranularScopes ?? error.context?.requiredScopes;
    const parsed = z.array(z.string()).safeParse(named);
    return parsed.success ? parsed.data : [];
  });
  return [...new Set(scopes)];
}

function fixOf(kind: ConnectorErrorKind, body: ErrorBody): string | undefined {
  if (kind === 'auth') return "Put the app's current access token into HUBSPOT_ACCESS_TOKEN.";
  if (kind !== 'forbidden') return undefined;
  const scopes = missingScopes(body);
  if (scopes.length > 0) return `Give the app the scope ${scopes.join(', ')}, then install it again.`;
  return "Check the app's scopes and what the portal's subscription includes.";
}
