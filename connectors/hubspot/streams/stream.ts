// What the streams share: the connector's parts, an empty page, and the order "list everything once, then search".
import { z } from 'zod';
import type { ChangePage, ChangeStream, Cursor } from '../../../src/crm/connector.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import type { Mapping } from '../../../src/mapping/mapping.ts';
import type { ActivityProjector } from '../../../src/mapping/project-activities.ts';
import { cursorParser, emptyPage } from '../../kit/change-pages.ts';
import type { ContactMapping } from '../contacts/contact-mapping.ts';
import type { Call } from '../http/call.ts';
import type { HubSpotHttp } from '../http/client.ts';
import type { HubSpotObject } from '../http/responses.ts';
import { listPage } from '../objects/object-reads.ts';
import { type ChangedObjects, searchChanges, searchCursorSchema, searchFrom } from '../objects/search-changes.ts';

/** What every part of the connector is made from. */
export interface HubSpotParts {
  readonly http: HubSpotHttp;
  readonly clock: Clock;
  readonly mapping: Mapping;
  readonly contacts: ContactMapping;
  readonly toActivity: ActivityProjector;
  /** How often forms are asked for submissions. */
  readonly formsEverySeconds: number;
}

/** How to find out whether this token and portal may read a stream: one small call. */
export interface StreamAccess {
  readonly probe: Omit<Call<unknown>, 'answer' | 'what'>;
  /** What opens it, where HubSpot itself names no scope. */
  readonly fix?: string;
  /** The subscription that it needs, whatever the scopes. */
  readonly subscription?: string;
  /** What else helps. */
  readonly otherwise?: string;
  /** Without it nobody can be scored. */
  readonly needed?: true;
}

export function scopeFix(scope: string): string {
  return `Give the app the scope ${scope}, then install it again.`;
}

export interface StreamReader {
  readonly stream: ChangeStream;
  readonly access: StreamAccess;
  read(cursor: Cursor | null, signal: AbortSignal): AsyncIterable<ChangePage>;
}

export const parseCursor = cursorParser('hubspot');

const listCursorSchema = z.object({
  phase: z.literal('list'),
  /** Where the next page begins; null: at the beginning. */
  after: z.string().nullable(),
  /** Everything is listed; what remains is to say so. */
  listed: z.boolean(),
  /** When the listing began (epoch ms, our clock): the search goes on from there. */
  began: z.number(),
});
const phasesSchema = z.discriminatedUnion('phase', [listCursorSchema, searchCursorSchema]);

interface ListedThenSearched {
  readonly id: string;
  readonly type: string;
  readonly modifiedProperty: string;
  readonly properties: readonly string[];
  readonly associations?: string;
  /** One page of the first pull. */
  fromListed(records: readonly HubSpotObject[], signal: AbortSignal): Promise<Partial<ChangePage>>;
  /** One page of changes. */
  fromChanged(records: readonly HubSpotObject[], signal: AbortSignal): Promise<Partial<ChangePage>>;
}

/** The whole list first (`whole: true`), then an empty page that says that it ended; later, what changes. */
export async function* listThenSearch(
  { http, clock }: HubSpotParts,
  source: ListedThenSearched,
  cursor: Cursor | null,
  signal: AbortSignal,
): AsyncGenerator<ChangePage> {
  const beginning = { phase: 'list', after: null, listed: false, began: clock.now().getTime() };
  let state = parseCursor(phasesSchema, source.id, cursor ?? beginning);
  while (state.phase === 'list') {
    if (state.listed) {
      yield emptyPage(searchFrom(new Date(state.began)), false);
      // What changed meanwhile comes with the next poll: a pull is either the whole pass or what follows it.
      return;
    }
    const page = await listPage(http, { ...source, after: state.after }, signal);
    state = { ...state, after: page.after, listed: page.after === null };
    yield { ...emptyPage(state, true), ...(await source.fromListed(page.records, signal)) };
  }
  const now = () => clock.now();
  for await (const found of searchChanges(http, source, state, now, signal)) {
    yield await changedPage(source, found, signal);
  }
}

async function changedPage(
  source: ListedThenSearched,
  found: ChangedObjects,
  signal: AbortSignal,
): Promise<ChangePage> {
  const content = found.records.length === 0 ? {} : await source.fromChanged(found.records, signal);
  return { ...emptyPage(found.cursor, false), ...content };
}
