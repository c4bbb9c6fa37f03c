// The interface of a CRM's fixture for the conformance suite: its sandbox, and the changes that
// people make in it. Each folder of connectors/ has one file of the same name here, which exports
// `fixture`.
import { z } from 'zod';
import type { RecordRef } from '../../../src/crm/connector.ts';
import type { Clock } from '../../../src/domain/clock.ts';

export interface ConformanceFixture {
  /**
   * The object whose records the cases add, edit, merge and delete; a stream of the connector lists
   * it.
   */
  readonly object: string;
  /** This number of people fills more than two pages of every list. */
  readonly severalPages: number;
  /** The stream that is unavailable in a CRM started with `hidden`. */
  readonly hiddenStream: string;
  /** The CRM's own error response. */
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
  /** The connector's settings by environment variable. */
  readonly settings: Readonly<Record<string, string>>;
  /** A regular expression that matches the path of every call but logins. */
  readonly calls: string;
  /** The refs of the people, in the order of their numbers. */
  readonly people: readonly RecordRef[];
  add(lastName: string): Promise<RecordRef>;
  rename(ref: RecordRef, lastName: string): Promise<void>;
  remove(ref: RecordRef): Promise<void>;
  merge(winner: RecordRef, loser: RecordRef): Promise<void>;
  /** All fields of a record by the CRM's names. It costs no call. */
  record(ref: RecordRef): Promise<Readonly<Record<string, unknown>>>;
  /** Refuses the next write of this record only. */
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
