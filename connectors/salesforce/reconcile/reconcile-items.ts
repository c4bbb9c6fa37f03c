// The nightly reconciliation of tasks, events, e-mails, campaign members and opportunities: all
// items are listed by ID, 2,000 in a call, with the mapped fields. The listing shows what
// SystemModstamp does not: campaign members have no recycle bin, tasks and events can be purged from
// it, and the name or type of a campaign belongs to another record.
// https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_campaignmember.htm
import { z } from 'zod';
import type { FailedPart, ReconcilePage, ReconcileRequest } from '../../../src/crm/connector.ts';
import type { SalesforceParts } from '../parts.ts';
import { changesFrom } from '../query/changes.ts';
import { PAGE_ROWS, type RowPage, readRows } from '../query/query.ts';
import { nextId } from '../query/read-by-ids.ts';
import { all, compare, id } from '../query/soql.ts';
import { type ItemSource, projectRows, readItemPages } from '../streams/item-stream.ts';
import { parseCursor } from '../streams/stream-reader.ts';
import { loadRelation } from './load-relation.ts';

/** Of one night: half a million items. The next night continues. */
const MAX_PAGES = 250;

/** @see ReconcilePage */
const positionSchema = z.object({ after: z.string() });

const NO_CHANGES = { dirty: [], activities: [], gone: [], outcomes: [] };
const ALL_ITEMS = [{}];

export async function* reconcileItems(
  parts: SalesforceParts,
  source: ItemSource,
  request: ReconcileRequest,
  signal: AbortSignal,
): AsyncGenerator<ReconcilePage> {
  const startedAt = await parts.http.now(signal);
  const start = request.position === null ? null : parseCursor(positionSchema, source.id, request.position);
  const relation = await loadRelation(parts, source, signal);
  let position = start;
  let isComplete = false;
  let hasUnreadDeal = false;
  for (let page = 0; page < MAX_PAGES && !isComplete; page += 1) {
    const after: string | null = position?.after ?? null;
    const listed: RowPage = await listItems(parts, source, after, signal);
    const { activities, outcomes, failed, complete } = await projectRows(parts, source, listed, signal, relation);
    isComplete = !listed.hasMore;
    position = isComplete ? null : { after: nextId(listed, after) };
    // An item that cannot be read exists. Of an opportunity only the listing could say so.
    const read = new Set(complete.outcomes);
    hasUnreadDeal ||= failed.some((part) => source.possibleIds(part.id).outcomes.some((each) => !read.has(each)));
    const existing = [...activities, ...outcomes, ...(await knownOf(source, request, failed))];
    const compared = isComplete && !hasUnreadDeal ? { compared: ALL_ITEMS } : {};
    yield { ...NO_CHANGES, ...{ activities, outcomes, position, existing, failed }, ...compared };
  }
  // An item that changed while others were listed may have been listed with its former people. If
  // only a part of the items was listed tonight, the others may have changed late.
  const isAllListed = isComplete && start === null;
  const changes = changesFrom(isAllListed ? startedAt : request.since.getTime());
  for await (const page of readItemPages(parts, source, { cursor: { items: changes, links: changes } }, signal)) {
    const { dirty, activities, gone, outcomes, complete, failed = [] } = page;
    yield { dirty, activities, gone, outcomes, position, failed, ...(complete === undefined ? {} : { complete }) };
  }
}

/** The stored activities of items that could not be read. */
async function knownOf(source: ItemSource, request: ReconcileRequest, failed: readonly FailedPart[]) {
  const ids = failed.flatMap(({ id: item }) => source.possibleIds(item).activities);
  return ids.length === 0 ? [] : [...(await request.findKnown(ids)).values()].flat();
}

function listItems(
  parts: SalesforceParts,
  { id: stream, object, fields }: ItemSource,
  after: string | null,
  signal: AbortSignal,
): Promise<RowPage> {
  const notDeleted = compare('IsDeleted', '=', false);
  const query = {
    what: `comparing ${stream}`,
    from: object,
    fields: ['IsDeleted', ...fields],
    // Salesforce archives activities that are more than a year old; only this kind of query returns
    // them.
    includeDeleted: true,
    where: after === null ? notDeleted : all(notDeleted, compare('Id', '>', id(after))),
    orderBy: ['Id'],
    limit: PAGE_ROWS,
  };
  return readRows(parts, query, signal);
}
