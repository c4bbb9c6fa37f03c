// Groups whose members HubSpot dates: lists and marketing events. Each poll lists the groups, and
// reads the members of a group only when its change token shows that a member joined.
import { z } from 'zod';
import type { ChangePage, Cursor, SetAsideParts, SourcedActivity } from '../../../../src/crm/connector.ts';
import { emptyPage } from '../../../kit/change-pages.ts';
import { contactRef } from '../../contacts/contact-mapping.ts';
import { unexpectedItem } from '../../http/parse-response.ts';
import { OVERLAP_MS } from '../../objects/search-cursor.ts';
import type { HubSpotParts } from '../../parts.ts';
import { createPartReader } from '../part-reader.ts';
import { parseCursor } from '../stream-reader.ts';
import {
  type Group,
  type GroupSource,
  type GroupState,
  groupStateSchema,
  type Member,
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
  // The state of a group that is no longer listed is removed; the activities of its members remain.
  let known = Object.fromEntries(
    [...listed, ...unexpected].flatMap(({ id }) => {
      const state = id === null ? undefined : groups[id];
      return id === null || state === undefined ? [] : [[id, state] as const];
    }),
  );
  const memberKind = `member of a ${source.kind}`;
  const dueGroups = new Set(setAside.due.filter(({ kind }) => kind === memberKind).map(({ id }) => id.split('/')[0]));
  for (const group of listed) {
    const now = parts.clock.now().getTime();
    const start = startState(group, dueGroups.has(group.id) ? undefined : known[group.id], now);
    if (start === null) continue;
    for await (const page of reader.read(group.id, () => readMembers(source, group, start, now, signal))) {
      known = { ...known, [group.id]: page.state };
      for (const item of page.unexpected) {
        const part = { kind: memberKind, id: `${group.id}/${item.id ?? 'without an ID'}` };
        if (!setAside.isSkipped(part))
          reader.fail(part, unexpectedItem(`reading the members of a ${source.kind}`, item));
      }
      const activities = page.members.flatMap((member) => toActivities(parts, source, group, member));
      yield { ...emptyPage({ isFullSync, groups: known }, isFullSync), activities };
    }
  }
  const found = reader.end();
  if (isFullSync || Object.keys(found).length > 0) {
    yield { ...emptyPage({ isFullSync: false, groups: known }, false), ...found };
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

export function toActivities<G extends Group>(
  { toActivity }: Pick<HubSpotParts, 'toActivity'>,
  { stream, prefix }: GroupSource<G>,
  group: G,
  { contactId, properties }: Member,
): SourcedActivity[] {
  const activity = toActivity({ id: `${prefix}:${group.id}`, source: stream, properties });
  return activity === null ? [] : [{ ...activity, ref: contactRef(contactId) }];
}
