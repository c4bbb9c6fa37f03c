// What every job is handed: the store, the CRMs, what leads are scored with, and how to ring for the next job.
import type { Kysely } from 'kysely';
import type { CrmConnector } from '../src/crm/connector.ts';
import type { Clock } from '../src/domain/clock.ts';
import type { Fields } from '../src/domain/lead.ts';
import type { ScoreField } from '../src/domain/score-fields.ts';
import type { PeoplePolicy } from '../src/people/people-policy.ts';
import type { CompiledModel } from '../src/scoring/compile/compile.ts';
import type { EditPolicy } from '../src/store/records/field-conflicts.ts';
import type { Tables } from '../src/store/tables/tables.ts';
import type { EnqueueOptions, JobName, JobPayloads } from './job-types.ts';

/** A CRM with what its mapping says. */
export interface MappedCrm {
  readonly connector: CrmConnector;
  /** Of what is read: fields, tables, activities. Another one starts a whole pass. */
  readonly mappingHash: string;
  /** Of whom is scored and what is written. Another one scores everybody again. */
  readonly scopeHash: string;
  readonly inScope: (fields: Fields) => boolean;
  /** What is done when somebody else writes one of our fields. */
  readonly editPolicy: EditPolicy;
  /** Our fields that the mapping keeps. */
  readonly writes: readonly ScoreField[];
}

export interface ActiveModel {
  readonly compiled: CompiledModel;
  readonly hash: string;
  readonly text: string;
}

export interface Log {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

export interface JobContext {
  readonly db: Kysely<Tables>;
  readonly crms: ReadonlyMap<string, MappedCrm>;
  readonly model: ActiveModel;
  /** Which records are one person's, and whose word counts. */
  readonly people: PeoplePolicy;
  /** Cron expression of the nightly slots. */
  readonly nightly: string;
  /** IANA zone of the dates in explanations and of the nightly slot. */
  readonly timezone: string;
  readonly clock: Clock;
  /** What was read or scored less than this ago (ms) is not read or scored again for another event, but once it is over. */
  readonly debounceMs: number;
  /** The instant to score at, where it is not the present one (`--as-of`). */
  readonly asOf: Date | null;
  readonly log: Log;
  /** Aborted at shutdown: jobs stop at their next safe point. */
  readonly signal: AbortSignal;
  /** Asks for a job. Rung while the same job waits, it changes nothing; while it runs, it runs once more afterwards. */
  enqueue<N extends JobName>(job: N, payload: JobPayloads[N], manner?: EnqueueOptions): Promise<void>;
}

/** The instant that leads are scored at. */
export function scoringInstant(context: JobContext): Date {
  return context.asOf ?? context.clock.now();
}
