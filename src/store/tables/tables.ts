// The tables as kysely sees them; src/store/migrations creates them. All live in the schema `leadgrade`.
import type { ColumnType, Generated } from 'kysely';
import type { Counters } from '../../domain/crm-changes.ts';
import type { Fields } from '../../domain/lead.ts';
import type { DealOutcome, DealState } from '../../domain/outcome.ts';
import type { Priority } from '../../domain/priority.ts';
import type { ScoreField, ScoreFieldValues } from '../../domain/score-fields.ts';
import type { Contribution, GateInForce, Grade } from '../../domain/score-result.ts';

/** Read as T; written as JSON text, so that neither pg nor PGlite guesses how to encode an array. */
type Json<T> = ColumnType<T, string, string>;
type Instant = ColumnType<Date, Date, Date>;

/** A person. What it is worth now; `due_at` is set while it is to be scored again. */
export interface LeadsTable {
  id: Generated<number>;
  created_at: Instant;
  due_at: Instant | null;
  due_reason: string | null;
  next_change_at: Instant | null;
  result_id: number | null;
  /** What the last scoring was made with: model, scope, unobserved types, written fields. */
  scoring_inputs_hash: string | null;
  /** Of its place among those that are due; the smaller the sooner. */
  priority: Generated<Priority>;
  scored_at: Instant | null;
  /** How often it was scored in the hour that began then. */
  rescore_window_started_at: Instant | null;
  rescore_window_count: Generated<number>;
}

export type RecordState = 'live' | 'gone' | 'merged';

/** That person in one CRM. `held` is what the CRM holds in our fields, `written` what we last wrote there. */
export interface RecordsTable {
  crm: string;
  object: string;
  id: string;
  lead_id: number;
  state: RecordState;
  merged_into: string | null;
  /** The object of the survivor; null = the same. */
  merged_into_object: string | null;
  fields: Json<Fields>;
  company_id: string | null;
  modified_at: Instant | null;
  read_at: Instant | null;
  crm_values: Json<ScoreFieldValues>;
  last_written_values: Json<ScoreFieldValues> | null;
  /** The result that `held` agrees with; null = to be compared again. */
  synced_result_id: number | null;
  dirty_at: Instant | null;
  /** Of its place among the dirty ones; the smaller the sooner. */
  priority: Generated<Priority>;
  /** It was read a moment ago: not again before this. */
  debounced_until: Instant | null;
  claimed_by: string | null;
  claimed_until: Instant | null;
  /** The last whole pass that listed it. */
  last_full_sync_run_id: number | null;
  /** When its personal data were deleted here, as its CRM had erased it; what is left is a tombstone. */
  erased_at: Instant | null;
  /** What the CRM counts on it, by counter, as it was last read; only those above 0. */
  counters: Json<Counters>;
  /** Since when its counters are to be dated. */
  counters_changed_at: Instant | null;
  /** Its e-mail address in lower case, made from `fields`; null = none. */
  email_key: ColumnType<string | null, never, never>;
}

/** What a record says of the same person in another CRM. */
export interface RecordLinksTable {
  crm: string;
  object: string;
  record_id: string;
  to_crm: string;
  to_object: string;
  to_id: string;
}

/** Records whose person is to be looked for. Rows are only ever added and taken away, so that nobody waits for them. */
export interface MatchQueueTable {
  seq: Generated<number>;
  crm: string;
  object: string;
  id: string;
}

/** What records were last matched by; one row. */
export interface MatchingConfigTable {
  singleton: Generated<boolean>;
  hash: string;
}

/** How far a counter of a record was dated (DatedCounter). */
export interface CounterPositionsTable {
  crm: string;
  object: string;
  record_id: string;
  counter: string;
  value: number;
  last_number: number;
  dated_at: Instant | null;
  /** What the record showed when it was dated. */
  crm_value: number;
  /** What was dated is to be shown again. */
  redate: Generated<boolean>;
}

/** The ledger. `at` is when it happened, `seen_at` when we learned it. */
export interface ActivitiesTable {
  crm: string;
  object: string;
  record_id: string;
  id: string;
  lead_id: number;
  stream: string;
  type: string;
  at: Instant;
  attributes: Json<Fields>;
  seen_at: Instant;
  gone_at: Instant | null;
  last_full_sync_run_id: number | null;
}

/** What became of it. Of what its CRM says, for the review of the model. */
export interface DealOutcomesTable {
  crm: string;
  object: string;
  record_id: string;
  id: string;
  lead_id: number;
  /** The stream that shows it, or `lifecycle`. */
  source: string;
  pipeline: string | null;
  stage: string | null;
  state: DealState;
  amount: number | null;
  currency: string | null;
  created_at: Instant | null;
  closed_at: Instant | null;
  stages: Json<DealOutcome['stages']>;
  seen_at: Instant;
  gone_at: Instant | null;
  last_full_sync_run_id: number | null;
}

/** Whom the nightly listing has shown so far. */
export interface CrmRecordListingTable {
  crm: string;
  object: string;
  id: string;
  run_id: number;
}

/** The report of each erasure: of whom, when, and how much of what; behind it a row that reports nothing for each further address. */
export interface ErasuresTable {
  id: Generated<number>;
  crm: string;
  object: string;
  /** SHA-256 of crm, object and id: who asks by the id finds it; who reads the table finds nobody. */
  id_hash: string;
  /** SHA-256 of its address in lower case: what comes later for that address is ignored. */
  email_hash: string | null;
  erased_at: Instant;
  /** Rows by table, and fields. */
  erased: Json<Readonly<Record<string, number>>>;
}

/** History of the mapped fields. */
export interface FieldValuesTable {
  crm: string;
  object: string;
  record_id: string;
  field: string;
  value: Json<unknown>;
  /** When the CRM says that it changed (its record's modification time). */
  valid_from: Instant;
  seen_at: Instant;
}

export interface ModelsTable {
  hash: string;
  name: string;
  text: string;
  since: Instant;
}

/** A result that differed from the one before in something that people see. */
export interface ResultsTable {
  id: Generated<number>;
  lead_id: number;
  as_of: Instant;
  model_hash: string;
  cause: string;
  grade: Grade;
  coverage: number;
  fit_score: number;
  behavior_score: number;
  total: number;
  status: string;
  previous_status: string | null;
  cell: string | null;
  thresholds: Json<Readonly<Record<string, number>>> | null;
  contributions: Json<readonly Contribution[]>;
  gates: Json<readonly GateInForce[]>;
}

/** One row a record: what is to be written. A newer result replaces an unsent one and gets a new `version`. */
export interface OutboxTable {
  crm: string;
  object: string;
  record_id: string;
  version: Generated<number>;
  result_id: number | null;
  patch: Json<ScoreFieldValues>;
  priority: Generated<Priority>;
  queued_at: Instant;
  attempts: Generated<number>;
  retry_at: Instant | null;
  claimed_by: string | null;
  claimed_until: Instant | null;
}

/** What CRMs named and nobody has looked at yet. It holds no personal data but ids. */
export interface InboxTable {
  seq: Generated<number>;
  crm: string;
  /** The CRM's id of the account that it is from. */
  account: string;
  kind: 'record' | 'item' | 'erasure';
  /** Of records their object, of an item its stream. */
  object_or_stream: string;
  /** Of records all that came together, of the other kinds one. */
  ids: string[];
  /** How many `ids`. */
  id_count: Generated<number>;
  priority: Priority;
  received_at: Instant;
}

/** Events that have arrived: each stays until it cannot come again, so that a repeated delivery changes nothing. */
export interface ProcessedEventKeysTable {
  crm: string;
  /** Made of the event's key, and not to be turned back. */
  key: string;
  received_at: Instant;
}

/** What the team's own site or product told. Taken, or erased, it is only the key, so that a repeated delivery changes nothing. */
export interface SiteEventsTable {
  /** The name of the write key. */
  source: string;
  message_id: string;
  /** Of the activity that the mapping makes of it. */
  type: string;
  attributes: Json<Fields>;
  at: Instant;
  received_at: Instant;
  email_key: string | null;
  crm: string | null;
  record_id: string | null;
  /** Hashes of the source's own ids. */
  user_key: string | null;
  anonymous_key: string | null;
  /** When its person is looked for next; null = once an identity is learned, or never again. */
  next_match_at: Instant | null;
  assigned_at: Instant | null;
}

/** Who the users of a source are, as `identify` told. */
export interface SiteIdentitiesTable {
  source: string;
  /** Hash of a user id or an anonymous one. */
  key: string;
  email_key: string | null;
  crm: string | null;
  record_id: string | null;
  /** Of an anonymous id, the key of the user that it turned out to be. */
  alias_of: string | null;
  at: Instant;
  received_at: Instant;
  /** Events that waited for it are still to be looked at. */
  needs_rematch: boolean;
}

/** Activity types that a site has given at least once. */
export interface SiteEventTypesTable {
  type: string;
  first_at: Instant;
}

/** What a CRM sent, signed, that was not understood. */
export interface QuarantineTable {
  id: Generated<number>;
  crm: string;
  body_hash: string;
  body: string;
  reason: string;
  received_at: Instant;
}

/** Whose account each CRM's token opens: events of another one are not ours. */
export interface CrmAccountsTable {
  crm: string;
  account_id: string;
  seen_at: Instant;
}

/** Somebody else wrote a field of ours. */
export interface FieldConflictsTable {
  id: Generated<number>;
  crm: string;
  object: string;
  record_id: string;
  field: ScoreField;
  ours: Json<string | number | null>;
  theirs: Json<string | number | null>;
  policy: 'overwrite' | 'respect';
  seen_at: Instant;
}

/** What was handed to a CRM as one job; while it is there, nobody else writes to the records of its rows. */
export interface BulkWritesTable {
  crm: string;
  object: string;
  /** The CRM's id of it. */
  crm_job_id: string;
  opened_at: Instant;
  /** When the CRM is asked for its state next. */
  next_check_at: Instant;
}

/** What was sent, as the outbox had it; the outbox keeps its row until the outcome is known. */
export interface BulkWriteRowsTable {
  crm: string;
  object: string;
  record_id: string;
  version: number;
  result_id: number | null;
  patch: Json<ScoreFieldValues>;
  attempts: number;
}

/** How far each stream was read. `pass` is the run of its last whole pass, `passing` says whether that is under way. */
export interface StreamsTable {
  crm: string;
  stream: string;
  cursor: Json<Readonly<Record<string, unknown>>> | null;
  full_sync_run_id: number | null;
  full_sync_active: Generated<boolean>;
  /** When a pull of it last came to its end. */
  completed_at: Instant | null;
  /** Why this token or portal may not see it; null = it may. */
  unavailable_reason: string | null;
  /** What would open it: a scope, a subscription. */
  unavailable_fix: string | null;
  unavailable_since: Instant | null;
  /** When the CRM was last asked whether we may see it; null = it is to be asked. */
  availability_checked_at: Instant | null;
  /** What its records are read with; a new mapping starts a whole pass. */
  mapping_hash: string | null;
}

export type RunState = 'queued' | 'running' | 'done' | 'failed';

/** One run of a job. (job, slot) is unique: the row is the lock of a nightly slot. */
export interface RunsTable {
  id: Generated<number>;
  job: string;
  slot: string | null;
  state: RunState;
  started_at: Instant;
  finished_at: Instant | null;
  heartbeat_at: Instant;
  progress: Json<Readonly<Record<string, unknown>>>;
  error: string | null;
}

export type ErrorStage = 'read' | 'score' | 'write';

/** A record that could not be read, scored or written whole, with the CRM's own words. */
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
  fix: string | null;
  first_at: Instant;
  last_at: Instant;
  occurrences: Generated<number>;
}

/** A CRM that must be left alone for now, or until somebody mends something. */
export interface CrmPausesTable {
  crm: string;
  /** What is halted: reading or writing. */
  direction: 'read' | 'write';
  error_kind: string;
  message: string;
  fix: string | null;
  since: Instant;
  /** When it is tried again. */
  until: Instant;
}

/** Processes that run the service, so that a command knows whom to hand over to. */
export interface WorkerHeartbeatsTable {
  id: string;
  roles: string;
  started_at: Instant;
  heartbeat_at: Instant;
}

/** What a band with `top` is worth in points, by model. */
export interface BandThresholdsTable {
  model_hash: string;
  band: string;
  points: number;
  leads: number;
  computed_at: Instant;
}

export interface RateBucketsTable {
  key: string;
  tokens: number;
  refilled_at: Instant;
  blocked_until: Instant | null;
}

export interface Tables {
  leads: LeadsTable;
  records: RecordsTable;
  counter_positions: CounterPositionsTable;
  activities: ActivitiesTable;
  deal_outcomes: DealOutcomesTable;
  record_links: RecordLinksTable;
  match_queue: MatchQueueTable;
  matching_config: MatchingConfigTable;
  crm_record_listing: CrmRecordListingTable;
  erasures: ErasuresTable;
  field_values: FieldValuesTable;
  models: ModelsTable;
  results: ResultsTable;
  outbox: OutboxTable;
  inbox: InboxTable;
  processed_event_keys: ProcessedEventKeysTable;
  site_events: SiteEventsTable;
  site_identities: SiteIdentitiesTable;
  site_event_types: SiteEventTypesTable;
  quarantine: QuarantineTable;
  crm_accounts: CrmAccountsTable;
  field_conflicts: FieldConflictsTable;
  bulk_writes: BulkWritesTable;
  bulk_write_rows: BulkWriteRowsTable;
  streams: StreamsTable;
  runs: RunsTable;
  record_errors: RecordErrorsTable;
  crm_pauses: CrmPausesTable;
  worker_heartbeats: WorkerHeartbeatsTable;
  band_thresholds: BandThresholdsTable;
  rate_buckets: RateBucketsTable;
}
