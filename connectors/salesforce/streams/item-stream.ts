// Tasks, events, e-mails, campaign members and opportunities as streams: each item with the people whom it is about. Who that is
// may stand in a relation object of its own, whose changes do not move the item's times: it is followed with a second cursor.
import { z } from 'zod';
import type { ChangePage, Cursor } from '../../../src/crm/connector.ts';
import { emptyPage } from '../../kit/change-pages.ts';
import { isTrue, textOf } from '../people/person-mapping.ts';
import { changesCursorSchema, changesFrom, readChanges } from '../query/changes.ts';
import { invisibleObject, type Row, readByIds } from '../query/query.ts';
import { listThenChanges, parseCursor, type SalesforceParts } from './stream.ts';

export interface Relation {
  readonly object: string;
  /** Its field that names the item: `TaskId`. */
  readonly item: string;
  /** Its field that names the person: `RelationId`. */
  readonly person: string;
  readonly fields: readonly string[];
  /** Without it nobody is known to be on an item. */
  readonly needed?: true;
}

export interface Item {
  readonly id: string;
  readonly values: Row['values'];
  /** The rows of its relation; null: the org has none, or this user does not see it. */
  readonly links: readonly Row[] | null;
}

export interface ItemSource {
  /** Of the stream. */
  readonly id: string;
  readonly object: string;
  readonly fields: readonly string[];
  readonly relation?: Relation;
  /** What an item that is there is for each of its people. */
  show(item: Item): Partial<Pick<ChangePage, 'activities' | 'outcomes'>>;
  /** All that `show` could give of an item. */
  idsOf(id: string): NonNullable<ChangePage['complete']>;
}

const cursorSchema = z.object({
  /** Of the items themselves. */
  items: z.record(z.string(), z.unknown()).nullable(),
  /** Of the relation: from when the items began to be listed. */
  links: changesCursorSchema,
});

/** All items that are there with their people; later, those that changed, and those whose people did. */
export async function* readItems(
  parts: SalesforceParts,
  source: ItemSource,
  cursor: Cursor | null,
  signal: AbortSignal,
): AsyncGenerator<ChangePage> {
  const given = cursor ?? { items: null, links: changesFrom(await parts.http.now(signal)) };
  let state = parseCursor(cursorSchema, source.id, given);
  const isListing = state.items?.phase !== 'changes';
  const listed = {
    ...source,
    fields: ['IsDeleted', ...source.fields],
    fromListed: async (rows: readonly Row[]) => shown(parts, source, rows, signal),
    fromChanged: async (rows: readonly Row[]) => {
      const ids = rows.map(({ id }) => id);
      return { ...(await shown(parts, source, rows, signal)), complete: completeOf(source, ids) };
    },
  };
  for await (const page of listThenChanges(parts, listed, state.items, signal)) {
    state = { ...state, items: page.cursor };
    yield { ...page, cursor: state };
  }
  const relation = await visibleRelation(parts, source, signal);
  // A pull is either the whole pass or what follows it.
  if (isListing || relation === null) return;
  const links = { id: `the people of ${source.id}`, object: relation.object, fields: [relation.item] };
  for await (const { rows, cursor: reached } of readChanges(parts, links, state.links, signal)) {
    state = { ...state, links: reached };
    const ids = [...new Set(rows.flatMap(({ values }) => textOf(values[relation.item]) ?? []))];
    const items = await itemsOf(parts, source, ids, signal);
    const content = await shown(parts, source, items, signal);
    yield { ...emptyPage(state, false), ...content, complete: completeOf(source, ids) };
  }
}

/** Archived ones, too; what was deleted or cannot be seen is left out. */
function itemsOf(parts: SalesforceParts, source: ItemSource, ids: readonly string[], signal: AbortSignal) {
  const fields = ['IsDeleted', ...source.fields];
  return readByIds(parts, { what: `reading ${source.id}`, from: source.object, fields, deleted: true, ids }, signal);
}

function completeOf(source: ItemSource, ids: readonly string[]): NonNullable<ChangePage['complete']> {
  const all = ids.map((id) => source.idsOf(id));
  return { activities: all.flatMap((each) => each.activities), outcomes: all.flatMap((each) => each.outcomes) };
}

async function shown(
  parts: SalesforceParts,
  source: ItemSource,
  rows: readonly Row[],
  signal: AbortSignal,
): Promise<Pick<ChangePage, 'activities' | 'outcomes'>> {
  const there = rows.filter(({ values }) => !isTrue(values.IsDeleted));
  const links = await linksOf(parts, source, there, signal);
  const all = there.map(({ id, values }) => {
    return source.show({ id, values, links: links === null ? null : (links.get(id) ?? []) });
  });
  return {
    activities: all.flatMap(({ activities = [] }) => activities),
    outcomes: all.flatMap(({ outcomes = [] }) => outcomes),
  };
}

/** By the item's id, oldest first; null: nobody shows us any. */
async function linksOf(
  parts: SalesforceParts,
  source: ItemSource,
  items: readonly Row[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly Row[]> | null> {
  const relation = await visibleRelation(parts, source, signal);
  if (relation === null) return null;
  const { object, item, person, fields } = relation;
  const query = {
    what: `reading the people of ${source.id}`,
    from: object,
    fields: ['IsDeleted', item, person, ...fields],
    // Those of archived items, too.
    deleted: true,
    idField: item,
    ids: items.map(({ id }) => id),
  };
  const rows = await readByIds(parts, query, signal);
  const there = rows.filter(({ values }) => !isTrue(values.IsDeleted));
  return Map.groupBy(there, ({ values }) => textOf(values[item]) ?? '');
}

/** @throws ConnectorError `forbidden` where one that is needed is not visible: all would seem to have nobody */
async function visibleRelation(
  { schema }: SalesforceParts,
  { id, relation }: ItemSource,
  signal: AbortSignal,
): Promise<Relation | null> {
  if (relation === undefined) return null;
  const { object, item, person, needed } = relation;
  if ((await schema.visible(object, [item, person], signal)).length === 2) return relation;
  if (needed) throw invisibleObject(`reading the people of ${id}`, object);
  return null;
}
