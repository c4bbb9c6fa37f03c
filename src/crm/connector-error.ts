// The only error class that connectors throw. Its kind tells the job how to react; the vendor's own
// code is kept. The vendor's words may quote a person, so they are kept apart from the message.

/**
 * - `retry`: a temporary failure (5xx, connection reset, time-out). Retry with backoff.
 * - `rate-limited`: wait `retryAfterMs`, then continue. Does not count as an attempt.
 * - `budget-spent`: the daily quota of API calls is used up. Pause reading and writing for
 *   `retryAfterMs`.
 * - `auth`: the token is refused. Pause the CRM and report it.
 * - `forbidden`: this token or account may not read or do this one part; everything else continues.
 * - `invalid`: the content of the request or of the record is refused. Never retry it unchanged.
 * - `not-found`: the record does not exist any more.
 * - `configuration`: a property or an option must be created first. Pause writing and report the
 *   fix.
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
  /** The failed operation, with status and code; never the CRM's own words. */
  readonly message: string;
  /** The CRM's own words. They may quote values of a record: for the error list only. */
  readonly reason?: string;
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
  readonly reason: string | undefined;
  readonly fix: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(details: ConnectorErrorDetails) {
    super(details.message, { cause: details.cause });
    this.kind = details.kind;
    this.crm = details.crm;
    this.code = details.code;
    this.reason = details.reason;
    this.fix = details.fix;
    this.retryAfterMs = details.retryAfterMs;
  }

  /** The message with the CRM's own words: for the error list only, as they may quote a person. */
  get messageForErrorList(): string {
    return this.reason === undefined ? this.message : `${this.message}: ${this.reason}`;
  }
}
