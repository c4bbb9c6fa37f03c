// One call to Salesforce, before it is sent. Type only.
import type { z } from 'zod';

export interface Call<T> {
  /** The call in words, for messages: "reading Leads". */
  readonly what: string;
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** Behind the version: `/query`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON; text is sent as CSV. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The answer is CSV: `answer` is for its text. */
  readonly isCsv?: true;
  readonly answer: z.ZodType<T>;
}

export interface Answer<T> {
  readonly body: T;
  readonly headers: Headers;
}
