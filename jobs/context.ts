// The dependencies of every job: the store, the CRMs, the model, and the function that enqueues the
// next job.
import type { Kysely } from 'kysely';
import type { CrmConnector } from '../src/crm/connector.ts';
import type { Clock } from '../src/domain/clock.ts';
import type { Fields } from '../src/domain/lead.ts';
import type { ScoreField } from '../src/domain/score-fields.ts';
import type { PeoplePolicy } from '../src/people/people-policy.ts';
import type { CompiledModel } from '../src/scoring/compile/compile.ts';
import type { EditPolicy } from '../src/store/records/field-conflicts.ts';
import type { ResultRetention } from '../src/store/retention/purge-results.ts';
import type { Tables } from '../src/store/tables/tables.ts';
import type { AddTitleFields } from '../src/titles/read-title.ts';
import type { EnqueueOptions, JobName, JobPayloads } from './job-types.ts';

/** A CRM with its mapping. */
export interface MappedCrm {
  readonly connector: CrmConnector;
  /**
   * Hash of the parts that decide what is read: fields, tables, activities. A new hash starts a
   * full sync.
   */
  readonly mappingHash: string;
  /** Hash of the scope and of the written fields. A new hash makes all leads due. */
  readonly scopeHash: string;
  readonly inScope: (fields: Fields) => boolean;
  /** The reaction to a change of one of our fields that Leadgrade did not write. */
  readonly editPolicy: EditPolicy;
  /** A smaller difference to the CRM, in points, is not written. Grade and status always are. */
  readonly minChange: number;
  /** Our fields that the mapping writes. */
  readonly writes: readonly ScoreField[];
  /** The links of the mapping to records of other CRMs, each with its properties. */
  readonly links?: readonly {
    readonly crm: string;
    readonly object: string;
    readonly from: string | readonly string[];
  }[];
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

export interface Retention extends ResultRetention {
  /** Days for which activities and former field values are kept, or longer if a model looks back longer. */
  readonly activityDays: number;
}

export interface JobContext {
  readonly db: Kysely<Tables>;
  readonly crms: ReadonlyMap<string, MappedCrm>;
  /** The applied model. Each job begins with the one that is applied then (applied-model.ts). */
  readonly model: ActiveModel;
  /** Which records belong to one person, and which CRM's value wins. */
  readonly people: PeoplePolicy;
  /** What job titles say about people, and the hash of the file. */
  readonly titles: { readonly addFields: AddTitleFields; readonly hash: string };
  /** Cron expression of the nightly job. */
  readonly nightly: string;
  /** IANA time zone of the nightly job and of the dates in explanations. */
  readonly timezone: string;
  readonly clock: Clock;
  /**
   * Debounce window (ms): a record is read at most once in it, and a lead that activities made due
   * is scored at most once in it, however many events arrive.
   */
  readonly debounceMs: number;
  /** Days before its last complete reading from which the nightly job reads a stream once more. */
  readonly reconcileDays: number;
  readonly retention: Retention;
  /** False: the embedded database, which has no background processes. */
  readonly hasAutovacuum: boolean;
  /** Share of the leads, 0 to 1, that may leave their band without a change of the model; 0 = any. */
  readonly guardShare: number;
  /** Workers that score leads at a time, at most. */
  readonly maxScorers: number;
  /** The instant to score at (`--as-of`); null = now. */
  readonly asOf: Date | null;
  readonly log: Log;
  /** Aborted at shutdown. Jobs then stop at their next safe point. */
  readonly signal: AbortSignal;
  /**
   * Enqueues a job. Deduplicated while the same job waits; a job that is running runs once more
   * afterwards.
   */
  enqueue<N extends JobName>(job: N, payload: JobPayloads[N], options?: EnqueueOptions): Promise<void>;
}

/** The instant at which leads are scored. */
export function scoringInstant(context: JobContext): Date {
  return context.asOf ?? context.clock.now();
}
