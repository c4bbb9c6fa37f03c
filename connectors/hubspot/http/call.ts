// One call to HubSpot, before it is sent. Type only.
import type { z } from 'zod';

export interface Call<T> {
  /** The call in words, for messages: "reading contacts". */
  readonly what: string;
  readonly method?: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Searches have a limit of their own. */
  readonly search?: boolean;
  readonly answer: z.ZodType<T>;
}
