// The data read from a CRM: current records and pages of changes. Types only: connectors create
// these values, jobs pass them on, the store saves them.
import type { Activity, Fields } from './lead.ts';
import type { DealOutcome } from './outcome.ts';
import type { ScoreFieldValues } from './score-fields.ts';

export interface RecordRef {
  /** The CRM's object: `contacts`, `Lead`, `Contact`. */
  readonly object: string;
  readonly id: string;
}

/**
 * A record of the same person in another CRM, as this CRM names it. The store checks whether that
 * record exists.
 */
export interface RecordLink extends RecordRef {
  /** `salesforce` */
  readonly crm: string;
}

/** The position in a stream. Opaque JSON: only the connector interprets it. */
export type Cursor = Readonly<Record<string, unknown>>;

/**
 * A property value that could not be converted. Its field is unknown, the rest of the record is
 * used, and `npx leadgrade errors` lists the problem.
 */
export interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

/**
 * Totals that a CRM keeps on a record instead of listing the events, by counter (the id of its
 * stream). An absent counter is 0.
 */
export type Counters = Readonly<Record<string, number>>;

/** The current state of a record in its CRM. */
export interface LeadSnapshot {
  readonly kind: 'lead';
  readonly ref: RecordRef;
  readonly fields: Fields;
  readonly crmValues: ScoreFieldValues;
  /** The CRM's own modification time of the record (ISO). */
  readonly modifiedAt: string;
  /** The CRM's id of the company whose fields are in `fields`; null = no company. */
  readonly companyId: string | null;
  readonly problems: readonly FieldProblem[];
  /** All outcomes that the CRM keeps on the record itself. */
  readonly outcomes: readonly DealOutcome[];
  /** Absent: no rule of the mapping reads a counter. */
  readonly counters?: Counters;
  /** Records of the same person in other CRMs. Absent: the mapping has no link rules. */
  readonly links?: readonly RecordLink[];
  /**
   * All e-mail addresses that identify the record in its CRM, in lower case, primary one first.
   * Absent: only the mapped field `contact.email` does.
   */
  readonly emails?: readonly string[];
}

export type FetchedLead =
  | LeadSnapshot
  /** The CRM cannot return this record. What is stored of it is kept, and it is read again later. */
  | { readonly kind: 'unreadable'; readonly ref: RecordRef; readonly failure: ReadFailure }
  /**
   * `erased`: the CRM has no trace of it, also not among the deleted records that can be restored.
   * After a privacy request it is so, but also after a merge that made a new record. Only a record
   * that was gone the night before is therefore erased (jobs/reconcile/reconcile-deletions.ts).
   */
  | { readonly kind: 'gone'; readonly ref: RecordRef; readonly erased: boolean }
  /**
   * The survivor may belong to another object: a converted Salesforce Lead merges into a Contact.
   */
  | { readonly kind: 'merged'; readonly ref: RecordRef; readonly into: RecordRef };

export interface DirtyRecord {
  readonly ref: RecordRef;
  /**
   * Current values of the record and of our score fields, if the stream returns them anyway (a
   * search of the object itself). A record whose values equal the stored ones is not read again.
   * This also skips our own writes, and an edit made just before such a write is still noticed.
   * Only the fields present here are compared; company fields are never among them. A changed
   * counter gets its events dated and does not cause a read by itself.
   */
  readonly current?: {
    readonly fields: Fields;
    readonly crmValues: ScoreFieldValues;
    readonly modifiedAt: string;
    readonly counters?: Counters;
    /** Absent: the stream does not return them. */
    readonly links?: readonly RecordLink[];
    /** As in `LeadSnapshot`. */
    readonly emails?: readonly string[];
  };
}

export interface SourcedActivity extends Activity {
  readonly ref: RecordRef;
  /** The part of the stream that lists it, if its id does not tell: the id of a form. */
  readonly part?: string;
}

export interface SourcedDealOutcome extends DealOutcome {
  readonly ref: RecordRef;
}

/** Why a part of a CRM could not be read. */
export interface ReadFailure {
  /** The CRM's own code, e.g. `QUERY_TIMEOUT`. */
  readonly code: string;
  /** The failed operation and its reason, without personal data. */
  readonly message: string;
  readonly fix: string | null;
  /** The CRM may succeed by itself: 5xx, a time-out. Default: false. */
  readonly isTemporary?: boolean;
}

/** A part of a stream that can fail alone: a form, a list, a period of changes, one item. */
export interface StreamPart {
  /** What it is, in the CRM's words: `form`, `list`, `period`, `task`. */
  readonly kind: string;
  /** Unique for this kind within the stream. */
  readonly id: string;
}

/** A part that could not be read. The rest of the stream is read. */
export interface FailedPart extends StreamPart {
  readonly failure: ReadFailure;
}

/** One page of a stream. The page and its cursor are saved in one transaction: all or nothing. */
export interface ChangePage {
  /** Complete records that the page contains (the first sync lists them). */
  readonly leads: readonly LeadSnapshot[];
  readonly dirty: readonly DirtyRecord[];
  /** Activities to upsert by id. */
  readonly activities: readonly SourcedActivity[];
  /** Activities that no longer exist. */
  readonly gone: readonly { readonly ref: RecordRef; readonly activityId: string }[];
  /** Outcomes to upsert by id. */
  readonly outcomes: readonly SourcedDealOutcome[];
  /**
   * Ids of activities and outcomes that this page lists with every record they belong to. A stored
   * copy on any other record no longer exists. Absent: the page makes no such statement.
   */
  readonly complete?: { readonly activities: readonly string[]; readonly outcomes: readonly string[] };
  /** Parts that could not be read. They are set aside and tried again by themselves. */
  readonly failed?: readonly FailedPart[];
  /** Parts that were set aside before and were read now, or no longer exist. */
  readonly recovered?: readonly StreamPart[];
  readonly cursor: Cursor;
  /**
   * True during a full sync of the stream (first sync, backfill). When a full sync ends, the items
   * that it did not list are missing: records of the stream are read again, its activities and
   * outcomes get a tombstone.
   */
  readonly isFullSync: boolean;
}

/** Items of a stream that were read by their ids. */
export type StreamItems = Pick<ChangePage, 'dirty' | 'activities' | 'gone' | 'outcomes' | 'complete'>;

/** The stored links of a record: the input of the nightly reconciliation. */
export interface StoredLinks {
  readonly ref: RecordRef;
  readonly companyId: string | null;
  /** Ids of its activities in all streams, as the streams return them. */
  readonly activityIds: readonly string[];
  /** Ids of its outcomes, from all sources. */
  readonly outcomeIds: readonly string[];
}

/** Differences between stored links and the CRM; each activity names its stream. */
export interface LinkDiff {
  readonly dirty: readonly DirtyRecord[];
  readonly activities: readonly (SourcedActivity & { readonly stream: string })[];
  readonly gone: ChangePage['gone'];
  readonly outcomes: readonly SourcedDealOutcome[];
  readonly goneOutcomes: readonly { readonly ref: RecordRef; readonly outcomeId: string }[];
}

/** How far the events behind a counter of one record have been dated. */
export interface DatedCounter {
  /** The counter's value after the last processed change. */
  readonly value: number;
  /** The number of the last counted event. It never decreases, so that event numbers are unique. */
  readonly lastNumber: number;
  /** The instant of the last processed change (epoch ms); null = none. */
  readonly datedAt: number | null;
}

/** A counter of a record whose events are to be dated. */
export interface StoredCounterPosition {
  readonly counter: string;
  /** Null = no event of the counter was ever dated. */
  readonly dated: DatedCounter | null;
  /**
   * Events up to this instant (epoch ms) are known from another stream: they are numbered and not
   * returned. Null = all events are returned.
   */
  readonly from: number | null;
  /** Return the events dated before once more, because the mapping changed. */
  readonly redate: boolean;
}

export interface ChangedCounters {
  readonly ref: RecordRef;
  readonly counters: readonly StoredCounterPosition[];
}

/** The result of dating the events of counters. */
export interface DatedEvents {
  readonly records: readonly {
    readonly ref: RecordRef;
    readonly counters: readonly {
      readonly counter: string;
      readonly dated: DatedCounter;
      /** The counter's current value in the CRM. */
      readonly crmValue: number;
      readonly problems: readonly string[];
    }[];
  }[];
  readonly activities: readonly (SourcedActivity & { readonly stream: string })[];
  readonly gone: ChangePage['gone'];
  /** Records that the CRM returned no result for. They must be read again. */
  readonly notReturned: readonly RecordRef[];
}

/** A record as the nightly listing returns it. Only the values that are present are compared. */
export interface ListedRecord {
  readonly ref: RecordRef;
  readonly fields: Fields;
  readonly crmValues: ScoreFieldValues;
  /** The CRM's own modification time of the record (ISO). */
  readonly modifiedAt: string;
  /** Null = no company. Absent: the listing does not tell. */
  readonly companyId?: string | null;
  readonly counters?: Counters;
  readonly links?: readonly RecordLink[];
}
