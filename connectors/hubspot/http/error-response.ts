// An error response of HubSpot -> ConnectorError, by one table of statuses. HubSpot: "all fields in
// the error body should be treated as optional".
import { z } from 'zod';
import { ConnectorError, type ConnectorErrorKind } from '../../../src/crm/connector-error.ts';
import { ownPropertiesIn, redactPersonalData, safeCode } from '../../kit/redact.ts';
import { retryAfterMs } from '../../kit/retry-after.ts';

const text = z.string().optional().catch(undefined);

/** One row of `errors` in an error response or in a 207. */
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

/**
 * The error says that an object does not exist; any other error says nothing about its existence.
 */
export function isObjectNotFound({ category, subCategory }: Pick<RowError, 'category' | 'subCategory'>): boolean {
  return category === NOT_FOUND || subCategory === NOT_FOUND;
}

/** The objects that a row of `errors` is about, by ID or by the requested property value. */
export function failedIds({ context = {} }: RowError): readonly string[] {
  const ids = [context.ids, context.id, context.objectId, context.fromObjectId].flat();
  return ids.filter((value) => value !== undefined && value !== null).map(String);
}

const errorBodySchema = z.looseObject({
  message: text,
  category: text,
  subCategory: text,
  errorType: text,
  policyName: text,
  context: z.record(z.string(), z.unknown()).optional().catch(undefined),
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
  423: 'retry', // locked: another write is in progress
  425: 'retry',
  429: 'rate-limited',
  477: 'retry', // the portal is being moved between data centers; Retry-After gives the duration
};

// HubSpot: wait at least two seconds after a 423.
const LOCKED_WAIT_MS = 2000;

/** The `cause` of a ConnectorError: its body names the failed rows. */
export class HubSpotHttpError extends Error {
  override readonly name = 'HubSpotHttpError';
  readonly status: number;
  readonly body: ErrorBody;

  constructor(status: number, body: ErrorBody) {
    super(`HubSpot responded ${status}`);
    this.status = status;
    this.body = body;
  }
}

/** @param what the call in plain English, e.g. "reading contacts" */
export function toConnectorError(what: string, response: Response, bodyText: string, now: Date): ConnectorError {
  const body = parseErrorBody(bodyText);
  const kind = kindOf(response.status, body);
  const waitMs = retryAfterMs(response.headers, now) ?? defaultWaitMs(response.status, body);
  const given = safeCode(body.subCategory) ?? safeCode(body.category) ?? safeCode(body.errorType);
  const code = given ?? `HTTP_${response.status}`;
  const said = body.message ?? '';
  const fix = fixOf(kind, body);
  return new ConnectorError({
    kind,
    crm: 'hubspot',
    message: `HubSpot refused ${what}: ${[response.status, given].filter(Boolean).join(' ')}${ownPropertiesIn(said)}`,
    reason: redactPersonalData(said) || 'no reason given',
    code: isDaily(body) ? 'DAILY' : code,
    cause: new HubSpotHttpError(response.status, body),
    ...(fix === undefined ? {} : { fix }),
    ...(waitMs === null ? {} : { retryAfterMs: waitMs }),
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
    // The HTML page of a proxy or a gateway: the status alone describes the error.
    return {};
  }
}

function defaultWaitMs(status: number, body: ErrorBody): number | null {
  if (status === 423) return LOCKED_WAIT_MS;
  if (status !== 429 || isDaily(body)) return null;
  // A search reports "secondly" only in the message; the burst limit names its policy as well.
  const limit = `${body.policyName ?? ''} ${body.message ?? ''}`.toLowerCase();
  return limit.includes('ten_secondly') || !limit.includes('secondly') ? 10_000 : 1000;
}

function isDaily(body: ErrorBody): boolean {
  return /\bdaily\b/i.test(`${body.policyName ?? ''} ${body.message ?? ''}`);
}

const SCOPE_KEYS = ['requiredGranularScopes', 'requiredScopes', 'missingScopes'] as const;
const scopesSchema = z.union([z.array(z.string()), z.string().transform((one) => [one])]);

/** The distinct scopes that a 403 requires: HubSpot names them for the body, or for each error. */
export function missingScopes({ context, errors = [] }: ErrorBody): readonly string[] {
  const named = [context, ...errors.map((error) => error.context)].flatMap((each) =>
    SCOPE_KEYS.flatMap((key) => scopesSchema.safeParse(each?.[key]).data ?? []),
  );
  const scopes = named.filter((scope) => safeCode(scope) !== null);
  return [...new Set(scopes)];
}

function fixOf(kind: ConnectorErrorKind, body: ErrorBody): string | undefined {
  if (kind === 'auth') return "Set HUBSPOT_ACCESS_TOKEN to the app's current access token.";
  if (kind !== 'forbidden') return undefined;
  const scopes = missingScopes(body);
  if (scopes.length > 0) return `Give the app the scope ${scopes.join(', ')}, then install it again.`;
  return "Check the app's scopes and what the portal's subscription includes.";
}
