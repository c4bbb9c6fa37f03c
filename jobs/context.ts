// The dependencies of every job: the store, the CRMs, the model, and the function that enqueues the
// next job.
import type { Kysely } from 'kysely';
import type { CrmConnector } from '../src/crm/connector.ts';
import type { Clock } from '../src/domain/clock.ts';
import type { Fields, Membership } from '../src/domain/lead.ts';
import type { ScoreKey } from '../src/domain/score-fields.ts';
import type { PeoplePolicy } from '../src/people/people-policy.ts';
import type { CompiledModel } from '../src/scoring/compile/compile.ts';
import { compileCondition, compileMembership } from '../src/scoring/compile/conditions.ts';
import type { ModelRole } from '../src/scoring/model-set/model-set-schema.ts';
import type { Condition } from '../src/scoring/schemas/condition.ts';
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
  /** The same with these models: each live one beside the first has written fields of its own. */
  readonly scopeHashOf: (models: readonly Pick<ScoredModel, 'key' | 'role'>[]) => string;
  /** Whether records with these fields are scored. */
  readonly scopeOf: (fields: Fields) => Membership;
  /** The reaction to a change of one of our fields that Leadgrade did not write. */
  readonly editPolicy: EditPolicy;
  /** A smaller difference to the CRM, in points, is not written. Grade and status always are. */
  readonly minChange: number;
  /** Our fields that the mapping writes. */
  readonly writes: readonly ScoreKey[];
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

/** One of the models that score side by side. */
export interface ScoredModel extends ActiveModel {
  /** Of its results and of its fields in the CRM; null: the first model, whose fields have no name in them. */
  readonly key: string | null;
  /** As people call it. */
  readonly name: string;
  /** A shadow model keeps results, and writes nothing to the CRM. */
  readonly role: ModelRole;
  /** Null: it scores all leads. */
  readonly where: ModelWhere | null;
}

export interface ModelWhere {
  readonly condition: Condition;
  /** Whether the model scores a lead with these fields; an unknown value does not match. */
  readonly membership: (fields: Fields) => Membership;
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
  /** The first of `models`: a live one. Each job begins with the models that are applied then (applied-model.ts). */
  readonly model: ScoredModel;
  /** All models that score leads, the first one first. */
  readonly models: readonly ScoredModel[];
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

/** A condition of a list of models. */
export function toModelWhere(condition: Condition): ModelWhere {
  return { condition, membership: compileMembership(condition, compileCondition(condition), 'out') };
}

/** The same context as if this were the only model. */
export function withModel<C extends Pick<JobContext, 'model' | 'models'>>(context: C, model: ActiveModel): C {
  const only = onlyModel(model);
  return { ...context, model: only, models: [only] };
}

/** Of the live models beside the first one: their fields in the CRM have a name in them. */
export function liveKeys(models: readonly Pick<ScoredModel, 'key' | 'role'>[]): readonly string[] {
  return models.flatMap(({ key, role }) => (key !== null && role === 'live' ? [key] : []));
}

/** A model that scores all leads alone. */
export function onlyModel(model: ActiveModel): ScoredModel {
  return { ...model, key: null, name: model.compiled.id, role: 'live', where: null };
}

/** The instant at which leads are scored. */
export function scoringInstant(context: JobContext): Date {
  return context.asOf ?? context.clock.now();
}
