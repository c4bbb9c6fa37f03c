// The order in which a stream reads one type of object: first a full sync that lists every object;
// later syncs search for changes.
import { z } from 'zod';
import type { ChangePage, Cursor, SetAsideParts } from '../../../src/crm/connector.ts';
import { emptyPage } from '../../kit/change-pages.ts';
import { pageTokens } from '../../kit/page-tokens.ts';
import type { UnexpectedItem } from '../http/responses/id-and-paging.ts';
import type { HubSpotObject } from '../http/responses/objects.ts';
import { listPage } from '../objects/object-reads.ts';
import { searchChanges } from '../objects/search-changes.ts';
import { searchCursorSchema, searchFrom } from '../objects/search-cursor.ts';
import type { HubSpotParts } from '../parts.ts';
import { type Content, joinContent, type ObjectsById, readDue, readUnexpected } from './object-parts.ts';
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

interface ListedThenSearched extends ObjectsById {
  /** The ID of the stream. */
  readonly id: string;
  readonly type: string;
  readonly modifiedProperty: string;
  readonly properties: readonly string[];
  readonly associations?: string;
  /** Projects one page of the full sync. */
  fromListed(records: readonly HubSpotObject[], signal: AbortSignal): Promise<Content>;
  /** Projects one page of changes. */
  fromChanged(records: readonly HubSpotObject[], signal: AbortSignal): Promise<Content>;
}

/**
 * The full sync (`isFullSync: true`), then an empty page that ends it; later calls yield changes.
 */
export async function* listThenSearch(
  { http, clock }: Pick<HubSpotParts, 'http' | 'clock'>,
  source: ListedThenSearched,
  cursor: Cursor | null,
  signal: AbortSignal,
  setAside: SetAsideParts,
): AsyncGenerator<ChangePage> {
  const first = { phase: 'list', after: null, isComplete: false, startedAt: clock.now().getTime() };
  let state = parseCursor(phasesSchema, source.id, cursor ?? first);
  const unexpectedContent = (items: readonly UnexpectedItem[]) => readUnexpected(source, items, setAside, signal);
  const checkToken = pageTokens('hubspot', `listing ${source.type}`, state.phase === 'list' ? state.after : null);
  while (state.phase === 'list') {
    if (state.isComplete) {
      yield emptyPage(searchFrom(new Date(state.startedAt)), false);
      // The next poll reads the changes made during the listing: one sync is either full or
      // incremental.
      return;
    }
    const page = await listPage(http, { ...source, after: state.after }, signal);
    state = { ...state, after: checkToken(page.after), isComplete: page.after === null };
    const content = await source.fromListed(page.records, signal);
    yield { ...emptyPage(state, true), ...joinContent(content, await unexpectedContent(page.unexpected)) };
  }
  const due = await readDue(source, setAside, signal);
  if (due !== null) yield { ...emptyPage(state, false), ...due };
  const now = () => clock.now();
  for await (const { records, unexpected, cursor: next } of searchChanges(http, source, state, now, signal)) {
    const content = records.length === 0 ? {} : await source.fromChanged(records, signal);
    yield { ...emptyPage(next, false), ...joinContent(content, await unexpectedContent(unexpected)) };
  }
}
