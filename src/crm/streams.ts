// The streams of a connector and their availability.

export interface ChangeStream {
  /** Unique within the connector: `contacts`, `companies`, `meetings`, `form_submissions`, ... */
  readonly id: string;
  /**
   * The canonical activity types in this stream. A type without an available stream is
   * `unobserved`.
   */
  readonly activityTypes: readonly string[];
  /**
   * A full sync lists all records of this object (`contacts`); a record that it omits is read
   * again.
   */
  readonly listsObject?: string;
  /** A full sync does not list every past item; an item that it omits is not marked as deleted. */
  readonly partialHistory?: true;
  /**
   * The stream lists nothing: records carry a counter of this name, and `dateCounterEvents` dates
   * its events.
   */
  readonly isCounter?: true;
  /**
   * This stream is used only while the stream with this ID, which lists the same activities, is
   * unavailable.
   */
  readonly fallbackFor?: string;
  /**
   * Polled at this interval between two poll jobs: no webhook reports its items, and they matter
   * most when fresh.
   */
  readonly pollEverySeconds?: number;
  /** Items can be read by their IDs (`readItems`). */
  readonly readableById?: true;
  /**
   * The night compares its items by their IDs or their number, however old they are: Leadgrade deletes
   * none of them, as it would read them again.
   */
  readonly comparedAtAnyAge?: true;
  /**
   * The items are the companies of records (`companyId`): a deleted company makes the records that
   * have it dirty.
   */
  readonly isCompanies?: true;
}

export interface StreamAvailability {
  readonly stream: string;
  /** The reason in the CRM's words, and how to get access; null = the stream is available. */
  readonly unavailable: { readonly reason: string; readonly fix: string } | null;
}
