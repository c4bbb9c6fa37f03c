// What a CRM must offer. One folder under connectors/ implements it; nothing else in the product knows a CRM by name.
//
// Glossary
//   record    a person in one CRM (HubSpot contact, Salesforce Lead or Contact); a `RecordRef` names it
//   stream    a kind of change that has its own cursor: contacts, companies, meetings, form submissions ...
//   cursor    how far a stream was read; JSON that only the connector understands; null = never read
//   outcome   what became of a record: a deal open, won or lost; kept for review, never scored
//   counter   a number on a record that says how often something happened, where the CRM lists no such things
//   dirty     something about a record may have changed: it is to be read again
//   held      what the CRM holds in our own fields
//   patch     what the CRM shall hold in our own fields
import type {
  ChangedCounters,
  ChangePage,
  Cursor,
  DatedEvents,
  FetchedLead,
  LinkDiff,
  RecordRef,
  StoredLinks,
  StreamItems,
} from '../domain/crm-changes.ts';
import type { ScoreFieldValues } from '../domain/score-fields.ts';
import type { ConnectorError } from './connector-error.ts';
import type { WebhookReceiver } from './webhook-receiver.ts';

export type * from '../domain/crm-changes.ts';

export interface ChangeStream {
  /** `contacts`, `companies`, `meetings`, `form_submissions` ... unique in the connector. */
  readonly id: string;
  /** Canonical activity types that this stream shows. One that no stream open to us shows is `unobserved`. */
  readonly activityTypes: readonly string[];
  /** The object whose records a whole pass of this stream lists (`contacts`): one that it does not show is read again. */
  readonly listsObject?: string;
  /** A whole pass shows only the latest part of the past: what it does not show is not gone. */
  readonly partialHistory?: true;
  /** It lists nothing: the records carry a counter of this name, whose things `dateCounters` dates. */
  readonly isCounter?: true;
  /** The stream that shows each thing that this one only counts: while that one is open, this one is closed. */
  readonly fallbackFor?: string;
  /** No webhook tells of it, and what it shows is worth most when it is fresh: it is pulled as often as this, between two polls. */
  readonly pollEverySeconds?: number;
  /** Its items can be read one by one (`readItems`). */
  readonly readableById?: true;
  /** Its items are the companies that records name (`companyId`): whoever had one that is gone is found there. */
  readonly isCompanies?: true;
}

/** Whether a stream is open to us. */
export interface StreamAvailability {
  readonly stream: string;
  /** Why it is not, in the CRM's words, and what would open it; null = it is. */
  readonly unavailable: { readonly reason: string; readonly fix: string } | null;
}

export interface ScorePatch {
  readonly ref: RecordRef;
  /** All our fields, together; null clears one. */
  readonly values: ScoreFieldValues;
}

export type WriteResult =
  | { readonly kind: 'written'; readonly ref: RecordRef; readonly modifiedAt: string | null }
  | { readonly kind: 'gone'; readonly ref: RecordRef }
  | { readonly kind: 'merged'; readonly ref: RecordRef; readonly into: RecordRef }
  | { readonly kind: 'failed'; readonly ref: RecordRef; readonly error: ConnectorError };

/** How a bulk write stands: not handed over yet; under way; over; or come to nothing (given up, or not to be found any more). */
export type BulkState =
  | { readonly kind: 'open' | 'under-way' | 'done' | 'ended' }
  | { readonly kind: 'failed'; readonly error: ConnectorError };

/** Writing many scores of one object as one job of the CRM, which takes its time. The job's id outlives our process. */
export interface BulkWrites {
  /** From so many patches of one object on it is worth it. */
  readonly minRows: number;
  /** Patches of one job, and bytes of them as JSON. */
  readonly maxRows: number;
  readonly maxBytes: number;
  /** Begins a job, of which nothing is written yet. Gives its id. @throws ConnectorError `forbidden`, `invalid`: not here */
  open(object: string, signal: AbortSignal): Promise<string>;
  /** Hands over all patches and has them written. When it throws, `look` tells whether they will be. */
  send(job: string, patches: readonly ScorePatch[], signal: AbortSignal): Promise<void>;
  status(job: string, signal: AbortSignal): Promise<BulkState>;
  /**
   * Of a job that is done: one outcome per ref, in any order.
   * @throws ConnectorError `configuration` as `writeScores`
   */
  results(job: string, refs: readonly RecordRef[], signal: AbortSignal): Promise<readonly WriteResult[]>;
  /** Gives up a job that is open. */
  abort(job: string, signal: AbortSignal): Promise<void>;
}

export interface RecordListing {
  readonly refs: readonly RecordRef[];
  readonly after: string | null;
}

/** What the CRM's fields must be able to hold; comes from the model. */
export interface WriteTarget {
  readonly statuses: readonly { readonly value: string; readonly label: string }[];
}

export interface Account {
  /** The CRM's own id of it: another id is another company's data. */
  readonly id: string;
  /** In the CRM's words: "portal 145873201 (standard)". */
  readonly name: string;
  /** IANA; null where the CRM names none. */
  readonly timezone: string | null;
}

/** One thing that `doctor` looked at. */
export interface SetupCheck {
  readonly what: string;
  readonly level: 'ok' | 'warning' | 'problem';
  readonly detail: string;
  readonly fix?: string;
  /** `setup` mends it. */
  readonly bySetup?: true;
}

/** One thing that `setup` does, or (dry run) would do. */
export interface SetupStep {
  readonly what: string;
  readonly state: 'exists' | 'would-create' | 'created';
}

export interface CrmConnector {
  /** `hubspot` */
  readonly id: string;
  /** As people write it: `HubSpot`. */
  readonly name: string;
  readonly streams: readonly ChangeStream[];
  /** Records per call: jobs cut their work to these. */
  readonly batch: {
    readonly read: number;
    readonly write: number;
    readonly links: number;
    /** Of `dateCounters`. */
    readonly counters?: number;
  };
  /** How many UTF-16 units our explanation may have here. */
  readonly maxTextLength: number;
  /** Every canonical field that the mapping fills, from the record or from its company. */
  readonly mappedFields: readonly string[];

  /**
   * Which streams this token and portal let us see, by one small call each; one that is left out can only be told by reading it.
   * @throws ConnectorError of any kind but `forbidden`
   */
  probeStreams(signal: AbortSignal): Promise<readonly StreamAvailability[]>;

  /**
   * Pages of what changed since `cursor` (null: everything), oldest first. Ends when there is nothing more for now.
   * @throws ConnectorError `forbidden` at the first page when this token or portal may not see the stream.
   */
  listChanges(stream: ChangeStream, cursor: Cursor | null, signal: AbortSignal): AsyncIterable<ChangePage>;

  /**
   * The records as they are now, company fields included; one answer per ref, in any order, and one for each record that one
   * of them is known to have taken over. At most `batch.read` refs.
   */
  fetchLeads(refs: readonly RecordRef[], signal: AbortSignal): Promise<readonly FetchedLead[]>;

  /**
   * Items of a stream that a webhook named, read now by their ids, as `listChanges` would show them. An item that is not there any
   * more is shown on nobody. Of streams with `byId` alone, at most `batch.read` ids; others are pulled instead.
   */
  readItems?(stream: string, ids: readonly string[], signal: AbortSignal): Promise<StreamItems>;

  /**
   * Compares what is linked to the records (company, activities, deals) with what we know of; finds what no modification time
   * tells. At most `batch.links` records. Absent where a CRM's modification times tell it all.
   */
  reconcileLinks?(known: readonly StoredLinks[], signal: AbortSignal): Promise<LinkDiff>;

  /**
   * A page of all records that are there, whatever changed: what it never shows was deleted, merged or erased. `after` is
   * where a page begins (null: at the beginning), and where the next one does (null: this is the last).
   */
  listAllRecords?(after: string | null, signal: AbortSignal): Promise<RecordListing>;

  /**
   * Dates what the counters of these records counted since it was last asked; finds the same things at the same instants
   * however often it is asked in between. At most `batch.counters` records. Absent where no stream is a counter.
   */
  dateCounterEvents?(undated: readonly ChangedCounters[], signal: AbortSignal): Promise<DatedEvents>;

  /** Writes all patches in as few calls as the CRM allows. One outcome per patch, in any order. At most `batch.write`. */
  writeScores(patches: readonly ScorePatch[], signal: AbortSignal): Promise<readonly WriteResult[]>;

  /** Absent where a CRM has no such thing. */
  readonly bulkWrites?: BulkWrites;

  /** Absent where the CRM sends nothing by itself, or the settings lack what tells it from others. */
  readonly webhook?: WebhookReceiver;

  /** Looks at everything the product needs of the CRM; each problem with its fix. Never throws for what it finds. */
  checkSetup(target: WriteTarget, signal: AbortSignal): Promise<readonly SetupCheck[]>;

  /** Creates what is missing in the CRM; idempotent. With `dryRun` it only says what it would do. */
  applySetup(target: WriteTarget, options: { dryRun: boolean }, signal: AbortSignal): AsyncIterable<SetupStep>;

  /** Whose account it is. @throws ConnectorError `auth` when the token is not accepted */
  describeAccount(signal: AbortSignal): Promise<Account>;

  /** How many calls this connector has made so far. */
  apiCallCount(): number;

  close(): Promise<void>;
}

/** How patient a connector is with its CRM. Each has a default of its own; a test of failures has no minutes to wait. */
export interface RetryOptions {
  /** For one attempt, from the request to the last byte of the answer. */
  readonly timeoutMs: number;
  readonly retries: number;
  /** Before the first repeat; doubles, with jitter. */
  readonly initialDelayMs: number;
  /** For all waits that a 429 or a Retry-After imposes on one call. A longer one is the job's business. */
  readonly maxThrottleWaitMs: number;
}
