// What is read from a CRM: records as they are now, and pages of what changed. Types only; connectors make them, jobs carry
// them, the store keeps them.
import type { Activity, Fields } from './lead.ts';
import type { DealOutcome } from './outcome.ts';
import type { ScoreFieldValues } from './score-fields.ts';

export interface RecordRef {
  /** The CRM's object: `contacts`, `Lead`, `Contact`. */
  readonly object: string;
  readonly id: string;
}

/** A record of another CRM that is the same person's, as this CRM knows it. Whether it is there, the store finds out. */
export interface RecordLink extends RecordRef {
  /** `salesforce` */
  readonly crm: string;
}

/** How far a stream was read; JSON that only its connector understands. */
export type Cursor = Readonly<Record<string, unknown>>;

/** A property value that could not be converted: the field is unknown, the record goes on, the problem is listed. */
export interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

/** What a CRM counts on a record instead of listing it, by counter (the id of its stream); one that is absent stands at 0. */
export type Counters = Readonly<Record<string, number>>;

/** A record as its CRM holds it now. */
export interface LeadSnapshot {
  readonly kind: 'lead';
  readonly ref: RecordRef;
  readonly fields: Fields;
  readonly crmValues: ScoreFieldValues;
  /** The CRM's own modification time of the record (ISO). */
  readonly modifiedAt: string;
  /** The CRM's id of the company whose fields are in `fields`; null = none. */
  readonly companyId: string | null;
  readonly problems: readonly FieldProblem[];
  /** Those that come with the record itself, all of them. */
  readonly outcomes: readonly DealOutcome[];
  /** Absent: no rule of the mapping asks for any. */
  readonly counters?: Counters;
  /** To the same person in other CRMs. Absent: the mapping asks for none. */
  readonly links?: readonly RecordLink[];
}

export type FetchedLead =
  | LeadSnapshot
  /** `erased`: not merely deleted; nobody can bring it back. */
  | { readonly kind: 'gone'; readonly ref: RecordRef; readonly erased: boolean }
  /** The survivor may be of another object: a Salesforce Lead that was converted goes into a Contact. */
  | { readonly kind: 'merged'; readonly ref: RecordRef; readonly into: RecordRef };

export interface DirtyRecord {
  readonly ref: RecordRef;
  /**
   * The record's own fields and ours, where the stream shows them anyway (a search of the record itself): a record whose
   * values equal what is stored is not read again. That also skips our own writes without hiding an edit that fell just
   * before one. Only the fields named count; company fields are not among them. Counters that moved have their things dated;
   * they alone have nothing read again.
   */
  readonly seen?: {
    readonly fields: Fields;
    readonly crmValues: ScoreFieldValues;
    readonly modifiedAt: string;
    readonly counters?: Counters;
    /** Absent: nothing is known of them here. */
    readonly links?: readonly RecordLink[];
  };
}

export interface SourcedActivity extends Activity {
  readonly ref: RecordRef;
}

export interface SourcedDealOutcome extends DealOutcome {
  readonly ref: RecordRef;
}

/** One page of a stream. It and its cursor are stored in one transaction, so that a page is never half taken. */
export interface ChangePage {
  /** Records read whole along the way (first pull by listing). */
  readonly leads: readonly LeadSnapshot[];
  readonly dirty: readonly DirtyRecord[];
  /** Activities seen; an id that is known already replaces what was known. */
  readonly activities: readonly SourcedActivity[];
  /** Activities that are no longer there. */
  readonly gone: readonly { readonly ref: RecordRef; readonly activityId: string }[];
  /** Outcomes seen; an id that is known already replaces what was known. */
  readonly outcomes: readonly SourcedDealOutcome[];
  /**
   * Ids of activities and outcomes that this page shows on every record that they belong to: on any other record, or where it
   * shows one on none, they are no longer there. Absent: the page does not tell.
   */
  readonly complete?: { readonly activities: readonly string[]; readonly outcomes: readonly string[] };
  readonly cursor: Cursor;
  /**
   * True while a pass over the *whole* stream is under way (first pull, backfill). When a whole pass ends, what it did not
   * show is gone: records of that stream are re-read, its activities and outcomes get a tombstone.
   */
  readonly whole: boolean;
}

/** Items of a stream that were read by their ids. */
export type StreamItems = Pick<ChangePage, 'dirty' | 'activities' | 'gone' | 'outcomes' | 'complete'>;

/** What the store knows of a record's links; the nightly comparison starts from it. */
export interface StoredLinks {
  readonly ref: RecordRef;
  readonly companyId: string | null;
  /** Ids of its activities, from all streams, as the streams gave them. */
  readonly activityIds: readonly string[];
  /** Ids of its outcomes, from all sources. */
  readonly outcomeIds: readonly string[];
}

/** What a comparison of links found; each activity with the stream that it belongs to. */
export interface LinkDiff {
  readonly dirty: readonly DirtyRecord[];
  readonly activities: readonly (SourcedActivity & { readonly stream: string })[];
  readonly gone: ChangePage['gone'];
  readonly outcomes: readonly SourcedDealOutcome[];
  readonly goneOutcomes: readonly { readonly ref: RecordRef; readonly outcomeId: string }[];
}

/** How far the things that a counter counts have been dated, for one record. */
export interface DatedCounter {
  /** Its value at the last step that was taken. */
  readonly value: number;
  /** The number of the last thing that was counted: it never falls, so that no thing has two numbers. */
  readonly n: number;
  /** The instant of the last step that was taken (epoch ms); null = none. */
  readonly at: number | null;
}

/** A counter of a record whose things are to be dated. */
export interface StoredCounterPosition {
  readonly counter: string;
  /** Null = nothing of it was ever dated. */
  readonly dated: DatedCounter | null;
  /** Things at or before it (epoch ms) are known from elsewhere: they are numbered, and not shown. Null = all are shown. */
  readonly from: number | null;
  /** What was dated before is to be shown again, as the mapping sees it now. */
  readonly again: boolean;
}

export interface ChangedCounters {
  readonly ref: RecordRef;
  readonly counters: readonly StoredCounterPosition[];
}

/** What dating found. */
export interface DatedEvents {
  readonly records: readonly {
    readonly ref: RecordRef;
    readonly counters: readonly {
      readonly counter: string;
      readonly dated: DatedCounter;
      /** What the CRM shows now. */
      readonly shown: number;
      readonly problems: readonly string[];
    }[];
  }[];
  readonly activities: readonly (SourcedActivity & { readonly stream: string })[];
  readonly gone: ChangePage['gone'];
  /** Records that the CRM did not answer for: they are to be read again whole. */
  readonly unanswered: readonly RecordRef[];
}
