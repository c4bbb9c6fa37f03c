// The order in which a stream reads one type of object: first a full sync that lists every object;
// later syncs search for changes.
import { z } from 'zod';
import type { ChangePage, Cursor } from '../../../src/crm/connector.ts';
import { emptyPage } from '../../kit/change-pages.ts';
import type { HubSpotObject } from '../http/responses/objects.ts';
import { listPage } from '../objects/object-reads.ts';
import { searchChanges } from '../objects/search-changes.ts';
import { searchCursorSchema, searchFrom } from '../objects/search-cursor.ts';
import type { HubSpotParts } from '../parts.ts';
import { parseCursor } from './stream-reader.ts';

const listCursorSchema = z.object({
  phase: z.literal('list'),
  /** The start of the next page; null = the first page. */
  after: z.string().nullable(),
  /** Every object is listed; only the final empty page is missing. */
  isComplete: z.boolean(),
  /** When the listing began (epoch ms, our clock). Changes are searched from here on. */
  startedAt: z.number(),
});
const phasesSchema = z.discriminatedUnion('phase', [listCursorSchema, searchCursorSchema]);

interface ListedThenSearched {
  /** The ID of the stream. */
  readonly id: string;
  readonly type: string;
  readonly modifiedProperty: string;
  readonly properties: readonly string[];
  readonly associations?: string;
  /** Projects one page of the full sync. */
  fromListed(records: readonly HubSpotObject[], signal: AbortSignal): Promise<Partial<ChangePage>>;
  /** Projects one page of changes. */
  fromChanged(records: readonly HubSpotObject[], signal: AbortSignal): Promise<Partial<ChangePage>>;
}

/**
 * The full sync (`isFullSync: true`), then an empty page that ends it; later calls yield changes.
 */
export async function* listThenSearch(
  { http, clock }: Pick<HubSpotParts, 'http' | 'clock'>,
  source: ListedThenSearched,
  cursor: Cursor | null,
  signal: AbortSignal,
): AsyncGenerator<ChangePage> {
  const first = { phase: 'list', after: null, isComplete: false, startedAt: clock.now().getTime() };
  let state = parseCursor(phasesSchema, source.id, cursor ?? first);
  while (state.phase === 'list') {
    if (state.isComplete) {
      yield emptyPage(searchFrom(new Date(state.startedAt)), false);
      // The next poll reads the changes made during the listing: one sync is either full or
      // incremental.
      return;
    }
    const page = await listPage(http, { ...source, after: state.after }, signal);
    state = { ...state, after: page.after, isComplete: page.after === null };
    yield { ...emptyPage(state, true), ...(await source.fromListed(page.records, signal)) };
  }
  const now = () => clock.now();
  for await (const { records, cursor: next } of searchChanges(http, source, state, now, signal)) {
    const content = records.length === 0 ? {} : await source.fromChanged(records, signal);
    yield { ...emptyPage(next, false), ...content };
  }
}
