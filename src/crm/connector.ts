// The contract between Leadgrade and a CRM. Each folder under connectors/ implements it for one
// CRM; no file in src, jobs or web knows a CRM by name. Read the glossary first, then `CrmConnector`.
//
// Glossary
//   record            a person in one CRM: a HubSpot contact, a Salesforce Lead or Contact.
//                     A `RecordRef` identifies it
//   stream            one kind of change, read with its own cursor: contacts, companies, meetings,
//                     form submissions, ...
//   item              an object of a stream that is not a person: a meeting, a deal, a company
//   activity          one dated action of a record, made of an item: a meeting, a form submission
//   cursor            the position in a stream up to which it was read: JSON that only the
//                     connector interprets; null = never read
//   incremental sync  reads the changes since the cursor
//   full sync         reads a stream from its beginning; afterwards records that it did not list are
//                     read again, and other items that it did not list are marked as deleted
//   availability      whether the token and the account give access to a stream
//   counter           a number on a record that says how often something happened, for activities
//                     that the CRM does not list
//   fallback stream   a counter that is read only while the stream that lists the same activities
//                     is unavailable
//   deal outcome      a deal, open, won or lost; stored for the review of a model, never scored
//   dirty             the record may have changed and must be read again
//   CRM values        the current values of Leadgrade's own fields in the CRM
//   score patch       the values to write to Leadgrade's own fields of one record
//   survivor          the record that remains after a merge
import type {
  ChangedCounters,
  ChangePage,
  Cursor,
  DatedEvents,
  FetchedLead,
  LinkDiff,
  ListedRecord,
  RecordRef,
  StoredLinks,
  StreamItems,
  StreamPart,
} from '../domain/crm-changes.ts';
import type { FieldCheck } from '../domain/unreadable-field.ts';
import type { ReconcilePage, ReconcileRequest } from './reconcile.ts';
import type { RecordKeys } from './record-keys.ts';
import type { Account, SetupCheck, SetupStep, WriteTarget } from './setup.ts';
import type { ChangeStream, StreamAvailability } from './streams.ts';
import type { WebhookReceiver } from './webhook-receiver.ts';
import type { BulkWrites, ScorePatch, WriteResult } from './writes.ts';

export type * from '../domain/crm-changes.ts';
export type * from './reconcile.ts';
export type * from './record-keys.ts';
export type * from './retry-options.ts';
export type * from './setup.ts';
export type * from './streams.ts';
export type * from './writes.ts';

export interface CrmConnector {
  /** `hubspot` */
  readonly id: string;
  /** The name of the CRM in texts: `HubSpot`. */
  readonly name: string;
  readonly streams: readonly ChangeStream[];
  /**
   * The maximum number of records per call of a method. Jobs split their work into such batches.
   */
  readonly batch: {
    readonly read: number;
    readonly write: number;
    /**
     * Calls of `writeScores` that run at once: enough to use up the CRM's rate limit although each
     * takes a while.
     */
    readonly writesAtOnce: number;
    readonly links: number;
    /** For `dateCounterEvents`. */
    readonly counters?: number;
  };
  /** Calls a second that the CRM allows every account; absent: it limits calls a day only. */
  readonly callsPerSecond?: number;
  /** The maximum length of the score explanation in UTF-16 code units. */
  readonly maxTextLength: number;
  /** Every canonical field that the mapping fills, from the record or from its company. */
  readonly mappedFields: readonly string[];
  /** Absent: an ID has one form, and no URL of the CRM names a record. */
  readonly recordKeys?: RecordKeys;

  /**
   * Determines which streams are available, by one small call per stream. A stream that is missing
   * in the result is only checked by reading it.
   * @throws ConnectorError of any kind but `forbidden`
   */
  probeStreams(signal: AbortSignal): Promise<readonly StreamAvailability[]>;

  /**
   * Pages of changes since `cursor`, oldest first; a null cursor starts a full sync. The iteration
   * ends when there are no further changes. A part that fails alone is listed in `failed` of its
   * page, and the iteration goes on.
   * @throws ConnectorError `forbidden` at the first page when the stream is unavailable
   */
  listChanges(
    stream: ChangeStream,
    cursor: Cursor | null,
    signal: AbortSignal,
    setAside?: SetAsideParts,
  ): AsyncIterable<ChangePage>;

  /**
   * The current state of the records, company fields included. Returns one result per ref, in any
   * order, and one more for each record that was merged into one of them. At most `batch.read`
   * refs.
   */
  fetchLeads(refs: readonly RecordRef[], signal: AbortSignal): Promise<readonly FetchedLead[]>;

  /**
   * Reads items that a webhook named, in the form that `listChanges` gives them. An item that was
   * deleted belongs to no record in the result. Only for streams with `readableById`; other streams
   * are synced instead. At most `batch.read` IDs.
   */
  readItems?(stream: string, ids: readonly string[], signal: AbortSignal): Promise<StreamItems>;

  /**
   * Compares the links of the records (company, activities, deals) with the stored ones and returns
   * the differences that no modification time reveals. At most `batch.links` records. Absent where
   * the modification times of the CRM reveal every difference.
   */
  reconcileLinks?(known: readonly StoredLinks[], signal: AbortSignal): Promise<LinkDiff>;

  /**
   * Reads a stream of items once more for the nightly reconciliation, in as few calls as the CRM
   * allows: what changed since `request.since`, and the items to compare with the stored ones. The
   * cursor of the stream stays. Absent where the modification times and the webhooks of the CRM
   * reveal every difference; a stream of records is compared by `listAllRecords`.
   * @throws ConnectorError of any kind; the other streams are still reconciled
   */
  reconcileStream?(stream: ChangeStream, request: ReconcileRequest, signal: AbortSignal): AsyncIterable<ReconcilePage>;

  /**
   * One page of all existing records. A record on no page was deleted, merged or erased.
   * @param after the start of the page; null = the first page
   */
  listAllRecords?(after: string | null, signal: AbortSignal): Promise<RecordListing>;

  /**
   * Dates the events behind the counters since the stored positions. Repeated calls with the same
   * positions return the same events at the same instants. At most `batch.counters` records. Absent
   * where no stream is a counter.
   */
  dateCounterEvents?(changed: readonly ChangedCounters[], signal: AbortSignal): Promise<DatedEvents>;

  /**
   * The fields of the mapping none of whose properties the CRM has and shows at this moment, by its own description
   * of the objects. A read of such a property gives no value and no error. Only a well-formed description that lacks
   * a property says that the property is gone; without one, the field is undecided.
   * @throws ConnectorError of any kind
   */
  unreadableFields(signal: AbortSignal): Promise<FieldCheck>;

  /**
   * Writes all patches in as few calls as the CRM allows. Returns one result per patch, in any
   * order. At most `batch.write` patches.
   * @throws ConnectorError `configuration` when a field or an option is missing in the CRM
   */
  writeScores(patches: readonly ScorePatch[], signal: AbortSignal): Promise<readonly WriteResult[]>;

  /** Absent where the CRM has no bulk API. */
  readonly bulkWrites?: BulkWrites;

  /**
   * Absent where the CRM sends no webhooks, or where the settings lack the secret to verify them.
   */
  readonly webhook?: WebhookReceiver;

  /**
   * Checks everything that Leadgrade needs in the CRM; each problem has a fix. Throws only when
   * aborted.
   */
  checkSetup(target: WriteTarget, signal: AbortSignal): Promise<readonly SetupCheck[]>;

  /** Creates missing fields in the CRM; idempotent. With `dryRun`, only lists the steps. */
  applySetup(target: WriteTarget, options: { dryRun: boolean }, signal: AbortSignal): AsyncIterable<SetupStep>;

  /**
   * The account that the credentials belong to.
   * @throws ConnectorError `auth` when they are refused
   */
  describeAccount(signal: AbortSignal): Promise<Account>;

  /** The number of API calls that this connector has made so far. */
  apiCallCount(): number;

  /** Aborts all calls in progress. */
  close(): Promise<void>;
}

/** The parts of one stream that failed before. Absent: none did. */
export interface SetAsideParts {
  /** Whether the part is set aside and not due for another attempt: it must be skipped. */
  isSkipped(part: StreamPart): boolean;
  /** The parts that are due for another attempt. */
  readonly due: readonly StreamPart[];
}

/** A page of `listAllRecords`. */
export interface RecordListing {
  readonly refs: readonly RecordRef[];
  /**
   * Current values of the records, where the listing returns them in the same calls. They show
   * changes that no modification time reveals: of formulas, of a company, of an owner's name.
   */
  readonly current?: readonly ListedRecord[];
  /** Records that were merged into records of this page. Absent: the CRM does not list them. */
  readonly merged?: readonly { readonly ref: RecordRef; readonly into: RecordRef }[];
  /** The start of the next page; null = this is the last page. */
  readonly after: string | null;
}
