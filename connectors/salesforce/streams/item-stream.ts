// The shared reader of tasks, events, e-mails, campaign members and opportunities. The link of an
// item to a person may be a row of a separate relation object. Its changes do not change the
// modification time of the item, so the relation has a cursor of its own.
import { z } from 'zod';
import type { ChangePage, Cursor, FailedPart, SetAsideParts, StreamPart } from '../../../src/crm/connector.ts';
import type { ConnectorError } from '../../../src/crm/connector-error.ts';
import { emptyPage } from '../../kit/change-pages.ts';
import { badDate, toFailure } from '../../kit/stream-parts.ts';
import type { SalesforceParts } from '../parts.ts';
import { isTrue, textOf } from '../people/person-mapping.ts';
import { changesCursorSchema, changesFrom, readChanges } from '../query/changes.ts';
import { readDuePeriods } from '../query/due-periods.ts';
import type { Row } from '../query/query.ts';
import { readByIds, unreadableError } from '../query/read-by-ids.ts';
import { isId } from '../query/soql.ts';
import { invisibleObjectError } from '../query/visibility.ts';
import type { ReadRows } from './full-sync.ts';
import { listThenChanges, withParts } from './list-then-changes.ts';
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
  /** What an item is, for an item that cannot be read: `task`. */
  readonly kind: string;
  readonly fields: readonly string[];
  readonly relation?: Relation;
  /**
   * The activities or outcomes of one existing item, for each person that it concerns. `undated`: the
   * field of a date that cannot be read.
   */
  project(item: Item): Partial<Pick<ChangePage, 'activities' | 'outcomes'>> & { readonly undated?: string };
  /** Every ID that `project` could return for the item. */
  possibleIds(id: string): NonNullable<ChangePage['complete']>;
}

const cursorSchema = z.object({
  /** The cursor of the items. */
  items: z.record(z.string(), z.unknown()).nullable(),
  /** The cursor of the relation; it begins when the listing of the items begins. */
  links: changesCursorSchema,
});

interface ItemsRequest {
  readonly cursor: Cursor | null;
  readonly setAside?: SetAsideParts | undefined;
}

/**
 * The full sync of all items with their people; then the changed items, and the items whose people
 * changed. Items that cannot be read are failed parts of their page.
 */
export async function* readItemPages(
  parts: SalesforceParts,
  source: ItemSource,
  { cursor, setAside }: ItemsRequest,
  signal: AbortSignal,
): AsyncGenerator<ChangePage> {
  const startCursor = cursor ?? { items: null, links: changesFrom(await parts.http.now(signal)) };
  let state = parseCursor(cursorSchema, source.id, startCursor);
  const isFullSync = state.items?.phase !== 'changes';
  const listed = {
    ...source,
    fields: ['IsDeleted', ...source.fields],
    fromListed: async (page: ReadRows) => listedContent(await projectRows(parts, source, page, signal)),
    fromChanged: (page: ReadRows) => projectRows(parts, source, page, signal),
  };
  if (!isFullSync) yield* readDueItems(parts, source, { state, due: setAside?.due ?? [] }, signal);
  for await (const page of listThenChanges(parts, listed, state.items, signal, setAside)) {
    state = { ...state, items: page.cursor };
    yield { ...page, cursor: state };
  }
  const relation = await visibleRelation(parts, source, signal);
  // One sync is either the full sync or an incremental one: the next sync reads the relation.
  if (isFullSync || relation === null) return;
  const links = { id: `the people of ${source.id}`, object: relation.object, fields: [relation.item] };
  const contentOf = async ({ rows }: ReadRows) => {
    const ids = [...new Set(rows.flatMap(({ values }) => textOf(values[relation.item]) ?? []))];
    return ids.length === 0 ? {} : await readItems(parts, source, ids, signal);
  };
  for await (const { failed, recovered, ...page } of readDuePeriods(parts, links, setAside?.due ?? [], signal)) {
    yield { ...emptyPage(state, false), ...withParts(await contentOf(page), { failed, recovered }) };
  }
  for await (const { cursor: linksCursor, ...changed } of readChanges(parts, links, state.links, signal)) {
    state = { ...state, links: linksCursor };
    yield { ...emptyPage(state, false), ...withParts(await contentOf(changed), changed) };
  }
}

/** Reads items once more that could not be read before. */
async function* readDueItems(
  parts: SalesforceParts,
  source: ItemSource,
  { state, due }: { state: Cursor; due: readonly StreamPart[] },
  signal: AbortSignal,
): AsyncGenerator<ChangePage> {
  const ids = due.flatMap(({ kind, id }) => (kind === source.kind && isId(id) ? [id] : []));
  if (ids.length === 0) return;
  const content = await readItems(parts, source, ids, signal);
  const failing = new Set(content.failed.map(({ id }) => id));
  const recovered = ids.filter((id) => !failing.has(id)).map((id) => ({ kind: source.kind, id }));
  yield { ...emptyPage(state, false), ...withParts(content, { failed: [], recovered }) };
}

/** A page of a full sync does not say that its items are complete: the end of the full sync does. */
function listedContent({ activities, outcomes, failed }: ItemContent): Partial<ChangePage> {
  return { activities, outcomes, failed };
}

/** Includes archived items; deleted and hidden items belong to no record. */
async function readItems(parts: SalesforceParts, source: ItemSource, ids: readonly string[], signal: AbortSignal) {
  const fields = ['IsDeleted', ...source.fields];
  const query = { what: `reading ${source.id}`, from: source.object, fields, includeDeleted: true };
  const { rows, failed } = await readByIds(parts, { ...query, ids }, signal);
  const content = await projectRows(parts, source, { rows, unreadable: [] }, signal);
  const unreadable = [...failed].map(([id, error]) => ({ kind: source.kind, id, failure: toFailure(error) }));
  const found = new Set([...rows.map(({ id }) => id), ...failed.keys()]);
  const missing = allPossibleIds(
    source,
    ids.filter((id) => !found.has(id)),
  );
  return {
    ...content,
    failed: [...content.failed, ...unreadable],
    complete: {
      activities: [...content.complete.activities, ...missing.activities],
      outcomes: [...content.complete.outcomes, ...missing.outcomes],
    },
  };
}

function allPossibleIds(source: ItemSource, ids: readonly string[]): NonNullable<ChangePage['complete']> {
  const possible = ids.map((id) => source.possibleIds(id));
  return {
    activities: possible.flatMap(({ activities }) => activities),
    outcomes: possible.flatMap(({ outcomes }) => outcomes),
  };
}

type ItemContent = Pick<ChangePage, 'activities' | 'outcomes'> & Required<Pick<ChangePage, 'complete' | 'failed'>>;

/**
 * The activities and outcomes of rows. An item that cannot be read stays as it is stored.
 * @param loaded the rows of the relation by item; absent = they are read for these items
 */
export async function projectRows(
  parts: SalesforceParts,
  source: ItemSource,
  { rows, unreadable }: ReadRows,
  signal: AbortSignal,
  loaded?: ReadonlyMap<string, readonly Row[]> | null,
): Promise<ItemContent> {
  const { kind } = source;
  const existing = rows.filter(({ values }) => !isTrue(values.IsDeleted));
  const links = loaded === undefined ? await readLinks(parts, source, existing, signal) : toLinks(loaded);
  const failed: FailedPart[] = unreadable.map(({ id, reason }) => {
    return { kind, id: id ?? 'without an ID', failure: toFailure(unreadableError(reason)) };
  });
  const activities: ChangePage['activities'][number][] = [];
  const outcomes: ChangePage['outcomes'][number][] = [];
  // Items whose outcome was read, and only lacks a date.
  const withoutDate = new Set<string>();
  for (const { id, values } of existing) {
    const error = links?.failed.get(id);
    if (error !== undefined) {
      failed.push({ kind, id, failure: toFailure(error) });
      continue;
    }
    const projected = source.project({ id, values, links: links === null ? null : (links.byItem.get(id) ?? []) });
    activities.push(...(projected.activities ?? []));
    outcomes.push(...(projected.outcomes ?? []));
    if (projected.undated === undefined) continue;
    failed.push({ kind, id, failure: toFailure(badDate('salesforce', projected.undated)) });
    if (projected.outcomes !== undefined) withoutDate.add(id);
  }
  const unread = new Set(failed.flatMap(({ id }) => (withoutDate.has(id) ? [] : [id])));
  const readIds = rows.flatMap(({ id }) => (unread.has(id) ? [] : [id]));
  return { activities, outcomes, failed, complete: allPossibleIds(source, readIds) };
}

interface Links {
  /** The rows of the relation by item ID, oldest first. */
  readonly byItem: ReadonlyMap<string, readonly Row[]>;
  /** Items whose rows cannot be read. */
  readonly failed: ReadonlyMap<string, ConnectorError>;
}

function toLinks(byItem: Links['byItem'] | null): Links | null {
  return byItem === null ? null : { byItem, failed: new Map() };
}

/** Null if this user cannot see the relation. */
async function readLinks(
  parts: SalesforceParts,
  source: ItemSource,
  items: readonly Row[],
  signal: AbortSignal,
): Promise<Links | null> {
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
  const { rows, failed } = await readByIds(parts, query, signal);
  const existing = rows.filter(({ values }) => !isTrue(values.IsDeleted));
  return { byItem: Map.groupBy(existing, ({ values }) => textOf(values[item]) ?? ''), failed };
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
