// Page views and events of marketing e-mails. The last days are read once more, as HubSpot may show
// an event late. Older events are compared with the stored ones in slices, a limited number of calls
// a night: a large portal is compared over several nights.
import { z } from 'zod';
import type { ReconcilePage, ReconcileRequest } from '../../../src/crm/connector.ts';
import type { EventPage, EventSource, EventWindow } from '../streams/events/event-source.ts';
import { parseCursor } from '../streams/stream-reader.ts';
import { EMPTY_PAGE } from './pages.ts';

const DAY_MS = 86_400_000;
/** Calls for older events in one night. */
const MAX_PAGES = 200;

/** The start of the next slice (epoch ms), and the length of the slices (ms). */
const positionSchema = z.object({ from: z.number(), sliceMs: z.number() });

interface EventsRequest extends ReconcileRequest {
  readonly now: Date;
  /** The activities have the dates of the events, so that a period can be compared. */
  readonly isComparable: boolean;
}

export async function* reconcileEvents<E>(
  source: EventSource<E>,
  request: EventsRequest,
  signal: AbortSignal,
): AsyncGenerator<ReconcilePage> {
  const since = request.since.getTime();
  const position = request.isComparable ? yield* compareOlder(source, request, signal) : null;
  const recent = { from: since, to: request.now.getTime() };
  for await (const page of readPeriod(source, request, recent, signal)) yield { ...page, position };
}

/** @returns where the next night continues; null = all older events were compared */
async function* compareOlder<E>(
  source: EventSource<E>,
  request: EventsRequest,
  signal: AbortSignal,
): AsyncGenerator<ReconcilePage, z.infer<typeof positionSchema> | null> {
  const until = request.since.getTime();
  const start = request.position === null ? null : parseCursor(positionSchema, source.stream, request.position);
  let from = Math.max(start?.from ?? 0, request.horizon.getTime());
  let sliceMs = start?.sliceMs ?? until - from;
  for (let pages = 0; from < until && pages < MAX_PAGES; ) {
    const to = Math.min(from + sliceMs, until);
    let isRead = true;
    for await (const page of readPeriod(source, request, { from, to }, signal)) {
      isRead = pages < MAX_PAGES;
      if (!isRead) break;
      pages += 1;
      yield { ...page, position: { from, sliceMs } };
    }
    if (isRead) from = to;
    else sliceMs = Math.max(DAY_MS, sliceMs / 4);
  }
  return from < until ? { from, sliceMs } : null;
}

/** All pages of a period. Events that are stored already are not matched to their contacts again. */
async function* readPeriod<E>(
  source: EventSource<E>,
  request: EventsRequest,
  { from, to }: Pick<EventWindow, 'from' | 'to'>,
  signal: AbortSignal,
): AsyncGenerator<ReconcilePage> {
  // An event of an unexpected shape may be one of those that are stored.
  let isReadable = true;
  for (let after: string | null = null; ; ) {
    const { events, unexpected, next }: EventPage<E> = await source.page({ from, to, after }, signal);
    isReadable &&= unexpected.length === 0;
    const idOf = (event: E) => source.activityId(source.dated(event).id);
    const known = await request.findKnown(events.map(idOf));
    const unknown = events.filter((event) => !known.has(idOf(event)));
    // An older event without a contact was matched in vain in earlier nights.
    const recent = unknown.filter((event) => source.dated(event).at >= request.since.getTime());
    const { activities } = await source.match(recent, signal);
    const existing = [...known.values()].flat();
    const isLast = next === null;
    yield {
      ...EMPTY_PAGE,
      activities,
      existing: [...existing, ...activities],
      ...(isLast && isReadable && request.isComparable ? { compared: [{ between: { after: from, before: to } }] } : {}),
    };
    if (next === null || next === after) return;
    after = next;
  }
}
