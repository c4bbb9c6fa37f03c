// Lists and marketing events: the members of each group are compared with the stored ones. A member
// that HubSpot no longer lists gives no points any more, and a new name of the group is that of all
// its members. A group that HubSpot no longer has cannot be compared: what was read of it stays.
import { isDeepStrictEqual } from 'node:util';
import type { ReconcilePage, ReconcileRequest, SourcedActivity } from '../../../src/crm/connector.ts';
import type { HubSpotParts } from '../parts.ts';
import type { Group, GroupSource } from '../streams/groups/group-members.ts';
import { toActivities } from '../streams/groups/group-stream.ts';
import { EMPTY_PAGE } from './pages.ts';

export async function* reconcileGroups<G extends Group>(
  parts: Pick<HubSpotParts, 'clock' | 'toActivity'>,
  source: GroupSource<G>,
  request: ReconcileRequest,
  signal: AbortSignal,
): AsyncGenerator<ReconcilePage> {
  const { groups, unexpected } = await source.list(signal);
  for (const group of groups) {
    const known = await request.findKnown([activityId(source, group.id)]);
    if (isAsKnown(parts, source, group, [...known.values()].flat())) continue;
    yield* readGroup(parts, source, group, signal);
  }
  // A group of an unexpected shape may be any of them.
  if (unexpected.length > 0) return;
  for await (const knownIds of request.listKnownIds()) yield* removeUnmatched(source, groups, knownIds, signal);
}

function activityId({ prefix }: Pick<GroupSource<Group>, 'prefix'>, id: string): string {
  return `${prefix}:${id}`;
}

/**
 * HubSpot counts as many members as are stored, and the group has the name of the stored ones: no
 * call is needed. A member who left is missed only if another one joined unseen; a join changes the
 * change token, so the poll reads it.
 */
function isAsKnown<G extends Group>(
  parts: Pick<HubSpotParts, 'toActivity'>,
  source: GroupSource<G>,
  group: G,
  known: readonly SourcedActivity[],
): boolean {
  if (source.sizeOf?.(group) !== known.length) return false;
  return known.every((activity) => {
    const properties = source.memberProperties?.(group, activity.at) ?? null;
    if (properties === null) return false;
    const [now] = toActivities(parts, source, group, { contactId: activity.ref.id, at: activity.at, properties });
    return now !== undefined && isDeepStrictEqual(valuesOf(now), valuesOf(activity));
  });
}

function valuesOf({ type, at, attributes }: SourcedActivity) {
  return { type, at, attributes };
}

async function* readGroup<G extends Group>(
  parts: Pick<HubSpotParts, 'toActivity'>,
  source: GroupSource<G>,
  group: G,
  signal: AbortSignal,
): AsyncGenerator<ReconcilePage> {
  let count = 0;
  let isReadable = true;
  for (let after: string | null = null; ; ) {
    const { members, unexpected, next } = await source.members(group, after, signal);
    isReadable &&= unexpected.length === 0;
    count += members.length;
    const activities = members.flatMap((member) => toActivities(parts, source, group, member));
    const isCounted = source.sizeOf?.(group) === count;
    const scope = { activityId: activityId(source, group.id), ...(isCounted ? { isCounted: true as const } : {}) };
    const isLast = next === null || next === after;
    yield { ...EMPTY_PAGE, activities, existing: activities, ...(isLast && isReadable ? { compared: [scope] } : {}) };
    if (isLast) return;
    after = next;
  }
}

/** A group that still exists, and that no rule of the mapping matches any more: it was renamed. */
async function* removeUnmatched<G extends Group>(
  source: GroupSource<G>,
  groups: readonly G[],
  knownIds: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<ReconcilePage> {
  const read = new Set(groups.map(({ id }) => activityId(source, id)));
  const others = knownIds.filter((id) => !read.has(id)).map((id) => id.slice(activityId(source, '').length));
  if (others.length === 0) return;
  const existing = await source.existing(others, signal);
  const compared = existing.map((id) => ({ activityId: activityId(source, id), isCounted: true as const }));
  yield { ...EMPTY_PAGE, compared };
}
