// What `/events` answers when a request is not taken, and the limits that these answers name.
import type { BodyError } from '../http/body-reader.ts';

/** What Segment allows for a request. */
export const MAX_BYTES = 500_000;
export const MAX_MESSAGES = 2_500;
/** Of what a batch says of all its messages, once for each of them: a kilobyte for the largest batch. */
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
    error: 'The write key is missing or not known. Send it as the user name of Basic authentication.',
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
  body: { success: false, error: 'Too much at a time. Send it again.' },
};
export const CONTEXT_TOO_LARGE: EventsResponse = {
  status: 413,
  outcome: 'too_large',
  body: {
    success: false,
    error: `context: once for each message it has at most ${MAX_CONTEXT_BYTES} bytes. Send smaller batches.`,
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
