// When something that was set aside is tried again: after minutes, then hours.

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** After the first failed attempt. It doubles with each further one. */
export const FIRST_RETRY_MS = MINUTE_MS;
/** A refusal that only a person can end (400, 403, 404). */
export const MAX_RETRY_MS = 6 * HOUR_MS;
/** A failure that ends by itself (5xx, a time-out). */
export const MAX_TEMPORARY_RETRY_MS = 30 * MINUTE_MS;

/**
 * A stream that was never read to its end, and fails temporarily, holds up the first scoring for so
 * long: its activities would change every score.
 */
export const PATIENCE_MS = 2 * MINUTE_MS;
