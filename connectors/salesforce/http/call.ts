// One call to Salesforce, before it is sent. Types only.
import type { z } from 'zod';

export interface Call<T> {
  /** The call in plain English, for messages: "reading Leads". */
  readonly what: string;
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** Follows the API version in the URL: `/query`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, a string as CSV. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The response is CSV: `responseSchema` validates its text. */
  readonly isCsv?: true;
  readonly responseSchema: z.ZodType<T>;
}

export interface ApiResponse<T> {
  readonly body: T;
  readonly headers: Headers;
}
