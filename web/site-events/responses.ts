// The responses of `/events` to a refused request, and the limits in them.
import type { BodyError } from '../http/body-reader.ts';

/** Segment's limit for a request. */
export const MAX_BYTES = 500_000;
export const MAX_MESSAGES = 2_500;
/**
 * Limit of `sentAt` and `context` of a batch, multiplied by its messages: a kilobyte for the
 * largest batch.
 */
export const MAX_CONTEXT_BYTES = 2_500_000;

export interface EventsResponse {
  readonly status: number;
  readonly outcome: string;
  readonly body: object;
}

export const UNKNOWN_KEY: EventsResponse = {
  status: 401,
  outcome: 'unknown_key',
  body: {
    success: false,
    error: 'The write key is missing or unknown. Send it as the user name of Basic authentication.',
  },
};
export const NOT_STORED: EventsResponse = {
  status: 503,
  outcome: 'not_stored',
  body: { success: false, error: 'It could not be stored. Send it again.' },
};
const TOO_LARGE: EventsResponse = {
  status: 413,
  outcome: 'too_large',
  body: { success: false, error: `At most ${MAX_BYTES} bytes a request. Send smaller batches.` },
};

const BUSY: EventsResponse = {
  status: 503,
  outcome: 'busy',
  body: { success: false, error: 'Too many requests at once. Send it again.' },
};
export const CONTEXT_TOO_LARGE: EventsResponse = {
  status: 413,
  outcome: 'too_large',
  body: {
    success: false,
    error: `context: at most ${MAX_CONTEXT_BYTES} bytes, counted once for each message. Send smaller batches.`,
  },
};

export const BODY_ERRORS: Readonly<Record<BodyError, EventsResponse>> = {
  too_large: TOO_LARGE,
  busy: BUSY,
  bad_body: malformed('the body cannot be read'),
};

export function malformed(error: string, rejected?: readonly object[]): EventsResponse {
  return { status: 400, outcome: 'malformed', body: { success: false, error, ...(rejected && { rejected }) } };
}
