// The shared reader of tasks, events, e-mails, campaign members and opportunities. The link of an
// item to a person may be a row of a separate relation object. Its changes do not change the
// modification time of the item, so the relation has a cursor of its own.
import { z } from 'zod';
import type { ChangePage, Cursor } from '../../../src/crm/connector.ts';
import { emptyPage } from '../../kit/change-pages.ts';
import type { SalesforceParts } from '../parts.ts';
import { isTrue, textOf } from '../people/person-mapping.ts';
import { changesCursorSchema, changesFrom, readChanges } from '../query/changes.ts';
import type { Row } from '../query/query.ts';
import { readByIds } from '../query/read-by-ids.ts';
import { invisibleObjectError } from '../query/visibility.ts';
import { listThenChanges } from './list-then-changes.ts';
import { parseCursor } from './stream-reader.ts';

export interface Relation {
  readonly object: string;
  /** The field that references the item: `TaskId`. */
  readonly item: string;
  /** The field that references the person: `RelationId`. */
  readonly person: string;
  readonly fields: readonly string[];
  /** The items themselves reference no person: without the relation the stream cannot be read. */
  readonly isRequired?: true;
}

export interface Item {
  readonly id: string;
  readonly values: Row['values'];
  /** The rows of its relation; null if the org has no such object or this user cannot see it. */
  readonly links: readonly Row[] | null;
}

export interface ItemSource {
  /** The ID of the stream. */
  readonly id: string;
  readonly object: string;
  readonly fields: readonly string[];
  readonly relation?: Relation;
  /** The activities or outcomes of one existing item, for each person that it concerns. */
  project(item: Item): Partial<Pick<ChangePage, 'activities' | 'outcomes'>>;
  /** Every ID that `project` could return for the item. */
  possibleIds(id: string): NonNullable<ChangePage['complete']>;
}

const cursorSchema = z.object({
  /** The cursor of the items. */
  items: z.record(z.string(), z.unknown()).nullable(),
  /** The cursor of the relation; it begins when the listing of the items begins. */
  links: changesCursorSchema,
});

/**
 * The full sync of all items with their people; then the changed items, and the items whose people
 * changed.
 */
export async function* readItemPages(
  parts: SalesforceParts,
  source: ItemSource,
  cursor: Cursor | null,
  signal: AbortSignal,
): AsyncGenerator<ChangePage> {
  const startCursor = cursor ?? { items: null, links: changesFrom(await parts.http.now(signal)) };
  let state = parseCursor(cursorSchema, source.id, startCursor);
  const isFullSync = state.items?.phase !== 'changes';
  const listed = {
    ...source,
    fields: ['IsDeleted', ...source.fields],
    fromListed: async (rows: readonly Row[]) => projectRows(parts, source, rows, signal),
    fromChanged: async (rows: readonly Row[]) => {
      const ids = rows.map(({ id }) => id);
      return { ...(await projectRows(parts, source, rows, signal)), complete: allPossibleIds(source, ids) };
    },
  };
  for await (const page of listThenChanges(parts, listed, state.items, signal)) {
    state = { ...state, items: page.cursor };
    yield { ...page, cursor: state };
  }
  const relation = await visibleRelation(parts, source, signal);
  // One sync is either the full sync or an incremental one: the next sync reads the relation.
  if (isFullSync || relation === null) return;
  const links = { id: `the people of ${source.id}`, object: relation.object, fields: [relation.item] };
  for await (const { rows, cursor: linksCursor } of readChanges(parts, links, state.links, signal)) {
    state = { ...state, links: linksCursor };
    const ids = [...new Set(rows.flatMap(({ values }) => textOf(values[relation.item]) ?? []))];
    const items = await readItems(parts, source, ids, signal);
    const content = await projectRows(parts, source, items, signal);
    yield { ...emptyPage(state, false), ...content, complete: allPossibleIds(source, ids) };
  }
}

/** Includes archived items; deleted and hidden items are omitted. */
function readItems(parts: SalesforceParts, source: ItemSource, ids: readonly string[], signal: AbortSignal) {
  const fields = ['IsDeleted', ...source.fields];
  const query = { what: `reading ${source.id}`, from: source.object, fields, includeDeleted: true };
  return readByIds(parts, { ...query, ids }, signal);
}

function allPossibleIds(source: ItemSource, ids: readonly string[]): NonNullable<ChangePage['complete']> {
  const possible = ids.map((id) => source.possibleIds(id));
  return {
    activities: possible.flatMap(({ activities }) => activities),
    outcomes: possible.flatMap(({ outcomes }) => outcomes),
  };
}

/** @param loaded the rows of the relation by item; absent = they are read for these items */
export async function projectRows(
  parts: SalesforceParts,
  source: ItemSource,
  rows: readonly Row[],
  signal: AbortSignal,
  loaded?: ReadonlyMap<string, readonly Row[]> | null,
): Promise<Pick<ChangePage, 'activities' | 'outcomes'>> {
  const existing = rows.filter(({ values }) => !isTrue(values.IsDeleted));
  const links = loaded === undefined ? await readLinks(parts, source, existing, signal) : loaded;
  const projected = existing.map(({ id, values }) => {
    return source.project({ id, values, links: links === null ? null : (links.get(id) ?? []) });
  });
  return {
    activities: projected.flatMap(({ activities = [] }) => activities),
    outcomes: projected.flatMap(({ outcomes = [] }) => outcomes),
  };
}

/** The rows of the relation by item ID, oldest first; null if this user cannot see the relation. */
async function readLinks(
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
    // Returns the rows of archived items as well.
    includeDeleted: true,
    idField: item,
    ids: items.map(({ id }) => id),
  };
  const rows = await readByIds(parts, query, signal);
  const existing = rows.filter(({ values }) => !isTrue(values.IsDeleted));
  return Map.groupBy(existing, ({ values }) => textOf(values[item]) ?? '');
}

/**
 * @throws ConnectorError `forbidden` if a required relation is hidden: otherwise every item would
 * seem to concern no person
 */
export async function visibleRelation(
  { schema }: SalesforceParts,
  { id, relation }: ItemSource,
  signal: AbortSignal,
): Promise<Relation | null> {
  if (relation === undefined) return null;
  const { object, item, person, isRequired } = relation;
  if ((await schema.visiblePaths(object, [item, person], signal)).length === 2) return relation;
  if (isRequired) throw invisibleObjectError(`reading the people of ${id}`, object);
  return null;
}
