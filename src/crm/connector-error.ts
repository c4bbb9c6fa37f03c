// The one error that connectors throw. It says what the *job* must do; the vendor's own words and code are kept.

/**
 * - `retry`: passing trouble (5xx, reset, time-out); try again with backoff.
 * - `rate-limited`: wait `retryAfterMs`, then go on; costs no attempt.
 * - `budget-spent`: the calls of the day are used up; leave the CRM alone, on both sides, for `retryAfterMs`.
 * - `auth`: the token is refused; stop and say so.
 * - `forbidden`: this token or portal may not see or do this; the rest goes on.
 * - `invalid`: the request or record is refused for what it says; never the same again.
 * - `not-found`: the record is gone.
 * - `configuration`: something must be set up first (a property, an option); stop the writer and name the fix.
 */
export type ConnectorErrorKind =
  | 'retry'
  | 'rate-limited'
  | 'budget-spent'
  | 'auth'
  | 'forbidden'
  | 'invalid'
  | 'not-found'
  | 'configuration';

interface ConnectorErrorDetails {
  readonly kind: ConnectorErrorKind;
  readonly crm: string;
  /** What was being done and what the CRM said, without personal data. */
  readonly message: string;
  /** The vendor's own code or category, e.g. `INVALID_OPTION`, `MISSING_SCOPES`. */
  readonly code?: string;
  readonly fix?: string;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

export class ConnectorError extends Error {
  override readonly name = 'ConnectorError';
  readonly kind: ConnectorErrorKind;
  readonly crm: string;
  readonly code: string | undefined;
  readonly fix: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(details: ConnectorErrorDetails) {
    super(details.message, { cause: details.cause });
    this.kind = details.kind;
    this.crm = details.crm;
    this.code = details.code;
    this.fix = details.fix;
    this.retryAfterMs = details.retryAfterMs;
  }
}
