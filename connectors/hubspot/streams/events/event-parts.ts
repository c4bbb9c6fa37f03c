// The parts of an event stream that fail alone: a period of time, and single events. When they are
// due, their period is read once more.
import type { ChangePage, FailedPart, SetAsideParts, StreamPart } from '../../../../src/crm/connector.ts';
import { ConnectorError } from '../../../../src/crm/connector-error.ts';
import { pageTokens } from '../../../kit/page-tokens.ts';
import { badDate, failedPart } from '../../../kit/stream-parts.ts';
import type { HubSpotHttp } from '../../http/client.ts';
import { unexpectedItem } from '../../http/parse-response.ts';
import type { UnexpectedItem } from '../../http/responses/id-and-paging.ts';
import { isOfPart } from '../part-reader.ts';
import type { EventPage, EventSource } from './event-source.ts';

export const PERIOD = 'period';
const EVENT = 'event';

/** @param from and `to`: epoch ms */
export function periodId(from: number, to: number): string {
  return `${new Date(from).toISOString()}/${new Date(to).toISOString()}`;
}

export function unexpectedEvents(unexpected: readonly UnexpectedItem[]): readonly FailedPart[] {
  return unexpected.map((item) => failedPart(EVENT, eventPartId(item), unexpectedItem('reading events', item)));
}

/** The date is empty if it is none that JavaScript can have. */
function eventPartId({ id, at }: Pick<UnexpectedItem, 'id' | 'at'>): string {
  const date = new Date(at ?? Number.NaN);
  return `${Number.isNaN(date.getTime()) ? '' : date.toISOString()}/${id ?? 'without an ID'}`;
}

/** An event whose date, as the mapping reads it, cannot be read. */
export function undatedEvent(event: { readonly id: string; readonly at: number }, property: string): FailedPart {
  return failedPart(EVENT, eventPartId(event), badDate('hubspot', property));
}

interface DueParts<E> {
  readonly http: HubSpotHttp;
  readonly source: EventSource<E>;
  readonly setAside: SetAsideParts;
  readonly signal: AbortSignal;
}

/** Reads the periods that are due, and those of the events that are due. */
export async function* readDueEvents<E>(
  parts: DueParts<E>,
): AsyncGenerator<Pick<ChangePage, 'activities' | 'failed' | 'recovered'>> {
  for (const part of parts.setAside.due.filter(({ kind }) => kind === PERIOD || kind === EVENT)) {
    yield await readDuePart(parts, part);
  }
}

async function readDuePart<E>(
  { http, source, signal }: DueParts<E>,
  part: StreamPart,
): Promise<Pick<ChangePage, 'activities' | 'failed' | 'recovered'>> {
  const window = windowOf(part);
  // Without a readable date an event is never an activity.
  if (window === null) return { activities: [], recovered: [part] };
  const activities: ChangePage['activities'][number][] = [];
  const failed: FailedPart[] = [];
  const checkToken = pageTokens('hubspot', `reading ${source.stream}`);
  try {
    let after: string | null = null;
    do {
      const page: EventPage<E> = await source.page({ ...window, after }, signal);
      const matched = await source.match(page.events, signal);
      activities.push(...matched.activities);
      failed.push(...unexpectedEvents(page.unexpected), ...(matched.failed ?? []));
      after = checkToken(page.next);
    } while (after !== null);
  } catch (error) {
    if (!(error instanceof ConnectorError) || !(await isOfPart(http, error, signal))) throw error;
    return { activities, failed: [failedPart(part.kind, part.id, error)] };
  }
  const isFailed = failed.some(({ kind, id }) => kind === part.kind && id === part.id);
  return { activities, failed, ...(isFailed ? {} : { recovered: [part] }) };
}

/** Both ends of a window are exclusive. */
function windowOf({ kind, id }: StreamPart): { readonly from: number; readonly to: number } | null {
  const [first = '', second = ''] = id.split('/');
  const from = Date.parse(first);
  const to = kind === PERIOD ? Date.parse(second) : from + 1;
  return Number.isFinite(from) && Number.isFinite(to) ? { from: kind === PERIOD ? from : from - 1, to } : null;
}
