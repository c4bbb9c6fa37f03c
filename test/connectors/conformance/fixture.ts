// What the conformance suite must know of a CRM: its sandbox, and what people do in it. One file per folder of connectors/, of the
// same name; it exports `fixture`.
import { z } from 'zod';
import type { RecordRef } from '../../../src/crm/connector.ts';
import type { Clock } from '../../../src/domain/clock.ts';

export interface ConformanceFixture {
  /** The object whose records the cases add, edit, merge and delete; a stream of the connector lists it. */
  readonly object: string;
  /** So many people are on more than two pages of every list. */
  readonly severalPages: number;
  /** A stream that is closed in a CRM that was started with `hidden`. */
  readonly hiddenStream: string;
  /** How the CRM refuses a call, in its own form. */
  refusal(kind: 'auth' | 'forbidden' | 'invalid', message: string): { readonly status: number; readonly body: unknown };
  start(options: StartOptions): Promise<SandboxCrm>;
}

export interface StartOptions {
  readonly people: number;
  readonly clock: Clock;
  readonly hidden: boolean;
}

export interface SandboxCrm {
  readonly url: string;
  /** Of the connector, by environment variable. */
  readonly settings: Readonly<Record<string, string>>;
  /** A regular expression that is found in the path of every call that is no login. */
  readonly calls: string;
  /** In the order of their numbers. */
  readonly people: readonly RecordRef[];
  add(lastName: string): Promise<RecordRef>;
  rename(ref: RecordRef, lastName: string): Promise<void>;
  remove(ref: RecordRef): Promise<void>;
  merge(winner: RecordRef, loser: RecordRef): Promise<void>;
  /** A record with all its fields, by the CRM's names; costs no call. */
  record(ref: RecordRef): Promise<Readonly<Record<string, unknown>>>;
  /** The next write of this record is refused, those of others are not. */
  refuseWriteOf(ref: RecordRef): Promise<void>;
  close(): Promise<void>;
}

export const fixtureSchema: z.ZodType<ConformanceFixture> = z.object({
  object: z.string(),
  severalPages: z.int(),
  hiddenStream: z.string(),
  refusal: z.custom<ConformanceFixture['refusal']>((value) => typeof value === 'function'),
  start: z.custom<ConformanceFixture['start']>((value) => typeof value === 'function'),
});

/** The control API that every sandbox has. @throws when it refuses */
export async function control(url: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${url}/_sandbox/${path}`, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`the sandbox refused ${method} ${path}: ${response.status} ${text}`);
  return response.headers.get('content-type')?.includes('application/json') ? JSON.parse(text) : text;
}
