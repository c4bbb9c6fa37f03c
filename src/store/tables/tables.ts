// The tables of the schema `leadgrade`, as kysely sees them. src/store/migrations creates them.
import type { ActivitiesTable, DealOutcomesTable, ItemListingTable } from './activities.ts';
import type { ErasuresTable } from './erasure.ts';
import type { MatchingConfigTable, MatchQueueTable, RecordAddressesTable, RecordLinksTable } from './identity.ts';
import type { InboxTable, ProcessedEventKeysTable, QuarantineTable } from './inbox.ts';
import type {
  AppliedModelsTable,
  BandThresholdHistoryTable,
  BandThresholdsTable,
  LeadResultsTable,
  LeadStatesTable,
  LeadsTable,
  ModelsTable,
  RecordErrorsTable,
  ResultsTable,
  ScoringConfigTable,
} from './leads.ts';
import type { BulkWriteRowsTable, BulkWritesTable, GuardHoldsTable, GuardMovesTable, OutboxTable } from './outbox.ts';
import type { RateBucketsTable } from './rate-limit.ts';
import type { CrmRecordListingTable, FieldConflictsTable, FieldValuesTable, RecordsTable } from './records.ts';
import type { ActivityBoundsTable, PurgePositionsTable } from './retention.ts';
import type { RunStepsTable, RunsTable, UnfinishedJobsTable } from './runs.ts';
import type { SetAsideTable } from './set-aside.ts';
import type { SiteEventsTable, SiteEventTypesTable, SiteIdentitiesTable } from './site-events.ts';
import type {
  CounterPositionsTable,
  CrmAccountsTable,
  CrmPausesTable,
  StreamsTable,
  UnreadableFieldsTable,
  WorkerHeartbeatsTable,
} from './sync.ts';

export interface Tables {
  lead_states: LeadStatesTable;
  lead_results: LeadResultsTable;
  leads: LeadsTable;
  results: ResultsTable;
  models: ModelsTable;
  applied_models: AppliedModelsTable;
  scoring_config: ScoringConfigTable;
  band_thresholds: BandThresholdsTable;
  band_threshold_history: BandThresholdHistoryTable;
  record_errors: RecordErrorsTable;

  unreadable_fields: UnreadableFieldsTable;
  guard_moves: GuardMovesTable;
  guard_holds: GuardHoldsTable;

  records: RecordsTable;
  field_values: FieldValuesTable;
  field_conflicts: FieldConflictsTable;
  crm_record_listing: CrmRecordListingTable;

  activities: ActivitiesTable;
  deal_outcomes: DealOutcomesTable;
  item_listing: ItemListingTable;

  record_links: RecordLinksTable;
  record_addresses: RecordAddressesTable;
  match_queue: MatchQueueTable;
  matching_config: MatchingConfigTable;

  inbox: InboxTable;
  processed_event_keys: ProcessedEventKeysTable;
  quarantine: QuarantineTable;

  site_events: SiteEventsTable;
  site_identities: SiteIdentitiesTable;
  site_event_types: SiteEventTypesTable;

  outbox: OutboxTable;
  bulk_writes: BulkWritesTable;
  bulk_write_rows: BulkWriteRowsTable;

  streams: StreamsTable;
  counter_positions: CounterPositionsTable;
  crm_pauses: CrmPausesTable;
  crm_accounts: CrmAccountsTable;
  set_aside: SetAsideTable;
  worker_heartbeats: WorkerHeartbeatsTable;
  runs: RunsTable;
  run_steps: RunStepsTable;
  unfinished_jobs: UnfinishedJobsTable;
  purge_positions: PurgePositionsTable;
  activity_bounds: ActivityBoundsTable;

  erasures: ErasuresTable;
  rate_buckets: RateBucketsTable;
}
