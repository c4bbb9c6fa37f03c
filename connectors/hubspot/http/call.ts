// One call to HubSpot, before it is sent. Types only.
import type { z } from 'zod';

export interface Call<T> {
  /** The call in plain English, for messages: "reading contacts". */
  readonly what: string;
  readonly method?: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** A search, which has a rate limit of its own. */
  readonly isSearch?: boolean;
  /** False: a temporary failure is not retried. */
  readonly isRetried?: boolean;
  readonly responseSchema: z.ZodType<T>;
}

/** A call whose response is not read: only its success or its error counts. */
export type ProbeCall = Omit<Call<unknown>, 'responseSchema'>;
