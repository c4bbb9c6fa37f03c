// Groups whose members HubSpot dates: lists and marketing events. Each poll lists the groups, and
// reads the members of a group only when its change token shows that a member joined.
import { z } from 'zod';
import type { ChangePage, Cursor, SetAsideParts, SourcedActivity } from '../../../../src/crm/connector.ts';
import type { Activity } from '../../../../src/domain/lead.ts';
import { isUndated } from '../../../../src/mapping/project-activities.ts';
import { emptyPage } from '../../../kit/change-pages.ts';
import { badDate } from '../../../kit/stream-parts.ts';
import { contactRef } from '../../contacts/contact-mapping.ts';
import { unexpectedItem } from '../../http/parse-response.ts';
import { OVERLAP_MS } from '../../objects/search-cursor.ts';
import type { HubSpotParts } from '../../parts.ts';
import { createPartReader, type PartReader } from '../part-reader.ts';
import { parseCursor } from '../stream-reader.ts';
import {
  type Group,
  type GroupSource,
  type GroupState,
  groupStateSchema,
  type Member,
  type MembersPage,
  readMembers,
} from './group-members.ts';

const cursorSchema = z.object({
  /** All groups are being read for the first time. */
  isFullSync: z.boolean(),
  groups: z.record(z.string(), groupStateSchema),
});

export async function* readGroupMembers<G extends Group>(
  parts: Pick<HubSpotParts, 'http' | 'clock' | 'toActivity'>,
  source: GroupSource<G>,
  cursor: Cursor | null,
  signal: AbortSignal,
  setAside: SetAsideParts,
): AsyncGenerator<ChangePage> {
  const first = { isFullSync: true, groups: {} };
  const { isFullSync, groups } = parseCursor(cursorSchema, source.stream, cursor ?? first);
  const { groups: listed, unexpected } = await source.list(signal);
  const reader = createPartReader(parts.http, source.kind, setAside, signal);
  for (const item of unexpected) {
    reader.fail(
      { kind: source.kind, id: item.id ?? 'without an ID' },
      unexpectedItem(`listing ${source.stream}`, item),
    );
  }
  let known = statesOf(groups, [...listed, ...unexpected]);
  const reread = groupsWithDueMembers(source, setAside);
  for (const group of listed) {
    const now = parts.clock.now().getTime();
    const start = startState(group, reread.has(group.id) ? undefined : known[group.id], now);
    if (start === null) continue;
    for await (const page of reader.read(group.id, () => readMembers(source, group, start, now, signal))) {
      known = { ...known, [group.id]: page.state };
      failUnexpected(reader, source, group, page.unexpected);
      const activities = page.members.flatMap((member) => readMember(reader, parts, source, group, member));
      yield { ...emptyPage({ isFullSync, groups: known }, isFullSync), activities };
    }
  }
  const found = reader.end();
  if (isFullSync || Object.keys(found).length > 0) {
    yield { ...emptyPage({ isFullSync: false, groups: known }, false), ...found };
  }
}

/** The state of a group that is no longer listed is removed; the activities of its members remain. */
function statesOf(
  groups: Readonly<Record<string, GroupState>>,
  listed: readonly { readonly id: string | null }[],
): Readonly<Record<string, GroupState>> {
  const ids = new Set(listed.map(({ id }) => id));
  return Object.fromEntries(Object.entries(groups).filter(([id]) => ids.has(id)));
}

function memberKind({ kind }: Pick<GroupSource<Group>, 'kind'>): string {
  return `member of a ${kind}`;
}

/** A member cannot be read alone: its group is read from the beginning. */
function groupsWithDueMembers(source: Pick<GroupSource<Group>, 'kind'>, { due }: SetAsideParts) {
  return new Set(due.filter(({ kind }) => kind === memberKind(source)).map(({ id }) => id.split('/')[0]));
}

function failUnexpected(
  reader: PartReader,
  source: Pick<GroupSource<Group>, 'kind'>,
  group: Group,
  unexpected: MembersPage['unexpected'],
): void {
  for (const item of unexpected) {
    const part = { kind: memberKind(source), id: `${group.id}/${item.id ?? 'without an ID'}` };
    reader.fail(part, unexpectedItem(`reading a ${part.kind}`, item));
  }
}

/**
 * The state from which to read; null = no member joined. The change token may be ahead of the
 * members, so they are read once more after the overlap.
 */
function startState({ changeToken }: Group, known: GroupState | undefined, now: number): GroupState | null {
  if (known === undefined) return { changeToken, tokenSeenAt: now, readAt: null, page: null, newest: null };
  if (known.changeToken !== changeToken) return { ...known, changeToken, tokenSeenAt: now, readAt: null };
  const isSettled = known.readAt !== null && known.readAt - known.tokenSeenAt >= OVERLAP_MS;
  return isSettled ? null : { ...known, readAt: null };
}

/** A member whose date, as the mapping reads it, cannot be read, is set aside. */
function readMember<G extends Group>(
  reader: PartReader,
  parts: Pick<HubSpotParts, 'toActivity'>,
  source: GroupSource<G>,
  group: G,
  member: Member,
): SourcedActivity[] {
  const activity = project(parts, source, group, member);
  if (!isUndated(activity)) return sourced(activity, member);
  const part = { kind: memberKind(source), id: `${group.id}/${member.contactId}` };
  reader.fail(part, badDate('hubspot', activity.undated));
  return [];
}

export function toActivities<G extends Group>(
  parts: Pick<HubSpotParts, 'toActivity'>,
  source: GroupSource<G>,
  group: G,
  member: Member,
): SourcedActivity[] {
  const activity = project(parts, source, group, member);
  return isUndated(activity) ? [] : sourced(activity, member);
}

function sourced(activity: Activity | null, { contactId }: Member): SourcedActivity[] {
  return activity === null ? [] : [{ ...activity, ref: contactRef(contactId) }];
}

function project<G extends Group>(
  { toActivity }: Pick<HubSpotParts, 'toActivity'>,
  { stream, prefix }: GroupSource<G>,
  group: G,
  { properties }: Member,
) {
  return toActivity({ id: `${prefix}:${group.id}`, source: stream, properties });
}
