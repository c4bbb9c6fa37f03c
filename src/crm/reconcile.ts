// The nightly reconciliation of a stream: what became visible late, changed without a new
// modification time, or no longer exists. Types only.
import type { Cursor, FailedPart, SourcedActivity, StreamItems } from '../domain/crm-changes.ts';

export interface ReconcileRequest {
  /** Every change since this instant is read once more, however late the CRM showed it. */
  readonly since: Date;
  /**
   * Stored activities that happened before this instant need not be compared: their points have
   * decayed.
   */
  readonly horizon: Date;
  /**
   * Where the comparison continues: the `position` of the last page of an earlier night or of a
   * killed run; null = at the beginning.
   */
  readonly position: Cursor | null;
  /** The stored activities with these ids, without tombstones, by id. */
  findKnown(activityIds: readonly string[]): Promise<ReadonlyMap<string, readonly SourcedActivity[]>>;
  /**
   * The distinct ids of the stored activities of the stream, in pages: for streams with few of them. The stored
   * activities are read once for each page.
   */
  listKnownIds(): AsyncIterable<readonly string[]>;
}

/** One page of a reconciliation. Items equal to the stored ones change nothing. */
export interface ReconcilePage extends StreamItems {
  /** Stored activities that exist and are not in `activities`: they are not missing. */
  readonly existing?: readonly Pick<SourcedActivity, 'ref' | 'id'>[];
  /**
   * The comparison of these stored items ends with this page: those that it did not list no longer
   * exist.
   */
  readonly compared?: readonly ComparedScope[];
  /** Parts that could not be read; their items are not compared. */
  readonly failed?: readonly FailedPart[];
  /** Null: the comparison of the stream is complete, the next one starts at the beginning. */
  readonly position: Cursor | null;
}

/** Stored items of the stream; every given condition holds for them. None: all items. */
export interface ComparedScope {
  /** The `part` of the activity: the form that it was read from. */
  readonly part?: string;
  /** The id of the activity: `list:8`. */
  readonly activityId?: string;
  /** When it happened (epoch ms), both ends excluded; a null `before` = no end. */
  readonly between?: { readonly after: number; readonly before: number | null };
  /**
   * The CRM also states the number of items, and it listed as many: they are trusted, however few.
   */
  readonly isCounted?: true;
}
