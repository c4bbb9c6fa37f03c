// Leads, their results, and the models that produced them.
import type { Generated } from 'kysely';
import type { LeadStates } from '../../domain/lead.ts';
import type { Priority } from '../../domain/priority.ts';
import type { ActiveGate, Grade } from '../../domain/score-result.ts';
import type { StoredLine } from '../../domain/stored-lines.ts';
import type { Instant, Json } from './column-types.ts';

/** One person. Its records in the CRMs point to it. */
export interface LeadsTable {
  id: Generated<number>;
  created_at: Instant;
  /** The instant from which the lead may be scored; null = not due. */
  due_at: Instant | null;
  /**
   * Why the lead is due: `changed`, `activity`, `decay`, `model`, `person` ... It becomes the cause
   * of the result.
   */
  due_reason: string | null;
  /** The instant at which the score changes without new activity; null = never. */
  next_change_at: Instant | null;
  /** The current result of the first model; null = never scored by it, or no longer. */
  result_id: number | null;
  /**
   * Hash of the inputs that all leads share: model, scope, unobserved activity types, written
   * fields.
   */
  scoring_inputs_hash: string | null;
  /** Scoring priority; lower runs first. */
  priority: Generated<Priority>;
  scored_at: Instant | null;
  /**
   * When its records last changed: one joined or left, was deleted, merged or restored. Earlier scores cannot be
   * replayed. Null = never.
   */
  records_changed_at: Instant | null;
  /** Start of the hour for which `rescore_window_count` counts. */
  rescore_window_started_at: Instant | null;
  /** Number of scorings for the reason `changed` in that hour. */
  rescore_window_count: Generated<number>;
}

/** What a night needs of a lead, in place of its fields and activities: a cache, which its scoring makes anew. */
export interface LeadStatesTable {
  lead_id: number;
  /** Hash of the inputs that all leads share and of the rules of the state, when it was made. */
  version: string;
  /** The state leaves out activities that cannot count from this instant on. */
  valid_from: Instant;
  state: Json<LeadStates>;
}

/** The inputs that all leads share, as they apply now; one row. */
export interface ScoringConfigTable {
  /** Always true: the primary key that allows one row only. */
  singleton: Generated<boolean>;
  /** What `leads.scoring_inputs_hash` is to be; empty = a model was applied, and no score job has begun since. */
  inputs_hash: string;
  /** All leads that were scored with other inputs were marked as due. */
  all_marked: boolean;
  /** Hash of the inputs that the operator decides: all but what the CRMs show. Null = from before this column. */
  config_hash: Generated<string | null>;
  /** When that hash last changed; null = never since this column exists. */
  config_changed_at: Generated<Date | null>;
  /** What the CRMs do not show: unobserved activity types, unreadable fields. */
  lacking: Generated<readonly string[]>;
  /** The reason for which the leads are marked as due. */
  reason: Generated<string>;
}

/** History of scores. A row is inserted only when a visible part of the result changes. */
export interface ResultsTable {
  id: Generated<number>;
  lead_id: number;
  /** The instant for which the score was computed. */
  as_of: Instant;
  model_hash: string;
  /** The name of the model; null = the first one, or the only one. */
  model: string | null;
  /** `leads.due_reason` at the time of the scoring. */
  cause: string;
  grade: Grade;
  /** Share of the attainable fit points whose fields are known, 0 to 1. */
  coverage: number;
  fit_score: number;
  behavior_score: number;
  total: number;
  status: string;
  previous_status: string | null;
  previous_grade: string | null;
  /** The cell of the model's matrix of grade and behavior; null = the model has no matrix. */
  cell: string | null;
  /** Points of the bands with `top` or `capacity`, by band, as they applied to the lead; null = the model has none. */
  thresholds: Json<Readonly<Record<string, number>>> | null;
  /** The lines with points; src/domain/stored-lines.ts adds the labels of the model. */
  contributions: Json<readonly StoredLine[]>;
  gates: Json<readonly ActiveGate[]>;
}

/** The current results of the other models of a set; empty with one model. */
export interface LeadResultsTable {
  lead_id: number;
  /** The name of the model. */
  model: string;
  result_id: number;
  /** The model writes to the CRM; a shadow model does not. */
  is_live: boolean;
}

/** Each version of a model that was ever applied. */
export interface ModelsTable {
  hash: string;
  name: string;
  /** Its name among models side by side, when it was last used; null = the first one, or the only one. */
  key: string | null;
  /** The model file as it was applied. */
  text: string;
  /** When it was first applied. */
  since: Instant;
  /** The day on which leads were last scored with it; an instant of that day. */
  last_used_at: Instant;
}

/** A model that scores leads. Its text is in `models`. */
export interface AppliedModel {
  /** Of `models`. */
  readonly hash: string;
  /** `name@version` */
  readonly name: string;
  /** Of its results and of its fields in the CRM; null = the first model. */
  readonly key: string | null;
  /** As its list calls it. */
  readonly label: string;
  /** `live`: its results are written to the CRMs. */
  readonly role: 'live' | 'shadow';
  /** Who is scored by it, as the JSON of a condition; null = all leads. */
  readonly where: string | null;
}

/** Which models score leads, since when; the last row is in force. Model files change nothing before they are applied. */
export interface AppliedModelsTable {
  id: Generated<number>;
  models: Json<readonly AppliedModel[]>;
  applied_at: Instant;
  /** The user who applied it; null = a service or a run, at its first start. */
  applied_by: string | null;
  cause: 'first start' | 'apply' | 'rollback';
  /** Hash of the plan by which it was decided; null = without a plan. */
  plan_hash: string | null;
}

/**
 * Points that a lead needs for a band with `top` or `capacity`, by model. The nightly job updates
 * them.
 */
export interface BandThresholdsTable {
  model_hash: string;
  band: string;
  points: number;
  /** Number of leads from which the points were computed; of a band with a capacity, those that arrived. */
  leads: number;
  computed_at: Instant;
  /** Leads that arrived at the points in a week; null = the band has no capacity, or its floor applies for lack of history. */
  per_week: number | null;
}

/** A row whenever the points of a band moved; the first one when the model was first used. */
export interface BandThresholdHistoryTable {
  model_hash: string;
  band: string;
  since: Instant;
  points: number;
  /** As in `band_thresholds`. */
  per_week: number | null;
}

/** The step that failed for a record. */
export type ErrorStage = 'read' | 'score' | 'write';

/** Records that could not be read, scored or written completely, with the CRM's own message. */
export interface RecordErrorsTable {
  id: Generated<number>;
  crm: string;
  object: string;
  record_id: string;
  stage: ErrorStage;
  /** The field concerned; empty for the whole record. */
  field: string;
  code: string;
  message: string;
  /** How to fix it; null = unknown. */
  fix: string | null;
  first_at: Instant;
  last_at: Instant;
  occurrences: Generated<number>;
}
