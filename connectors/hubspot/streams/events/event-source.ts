// What a stream of dated events offers to its reader: pages of a time window. Types only.
import type { FailedPart, SourcedActivity } from '../../../../src/crm/connector.ts';
import type { UnexpectedItem } from '../../http/responses/id-and-paging.ts';

/** Both ends are exclusive. */
export interface EventWindow {
  /** Epoch ms. */
  readonly from: number;
  readonly to: number;
  /** The start of the page; null = the start of the window. */
  readonly after: string | null;
}

export interface EventPage<E> {
  readonly events: readonly E[];
  /** Events of an unexpected shape. */
  readonly unexpected: readonly UnexpectedItem[];
  readonly next: string | null;
}

export interface MatchedEvents {
  readonly activities: readonly SourcedActivity[];
  /**
   * The IDs of events whose contact may not exist yet. Within the overlap they are matched again.
   */
  readonly unmatched?: ReadonlySet<string>;
  /** Parts whose events could not be matched, because something that they refer to was not read. */
  readonly failed?: readonly FailedPart[];
}

export interface EventSource<E> {
  readonly stream: string;
  /** The ID of the activity of an event. */
  activityId(eventId: string): string;
  /** In any order; `at` is epoch ms. */
  dated(event: E): { readonly id: string; readonly at: number };
  page(window: EventWindow, signal: AbortSignal): Promise<EventPage<E>>;
  match(events: readonly E[], signal: AbortSignal): Promise<MatchedEvents>;
}
