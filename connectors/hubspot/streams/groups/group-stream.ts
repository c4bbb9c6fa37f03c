// Groups whose members HubSpot dates: lists and marketing events. Each poll lists the groups, and
// reads the members of a group only when its change token shows that a member joined.
import { z } from 'zod';
import type { ChangePage, Cursor, SourcedActivity } from '../../../../src/crm/connector.ts';
import { ConnectorError } from '../../../../src/crm/connector-error.ts';
import { emptyPage } from '../../../kit/change-pages.ts';
import { contactRef } from '../../contacts/contact-mapping.ts';
import { OVERLAP_MS } from '../../objects/search-cursor.ts';
import type { HubSpotParts } from '../../parts.ts';
import {
  type Group,
  type GroupSource,
  type GroupState,
  groupStateSchema,
  type Member,
  type MembersPage,
  readMembers,
} from './group-members.ts';
import { parseCursor } from '../stream-reader.ts';

const cursorSchema = z.object({
  /** All groups are being read for the first time. */
  isFullSync: z.boolean(),
  groups: z.record(z.string(), groupStateSchema),
});

export async function* readGroupMembers<G extends Group>(
  parts: Pick<HubSpotParts, 'clock' | 'toActivity'>,
  source: GroupSource<G>,
  cursor: Cursor | null,
  signal: AbortSignal,
): AsyncGenerator<ChangePage> {
  const first = { isFullSync: true, groups: {} };
  const { isFullSync, groups } = parseCursor(cursorSchema, source.stream, cursor ?? first);
  const listed = await source.list(signal);
  // The state of a group that is no longer listed is removed; the activities of its members remain.
  let known = Object.fromEntries(
    listed.flatMap(({ id }) => {
      const state = groups[id];
      return state === undefined ? [] : [[id, state] as const];
    }),
  );
  for (const group of listed) {
    const now = parts.clock.now().getTime();
    const start = startState(group, known[group.id], now);
    if (start === null) continue;
    for await (const { state, members } of readExisting(source, group, start, now, signal)) {
      known = { ...known, [group.id]: state };
      const activities = members.flatMap((member) => toActivities(parts, source, group, member));
      yield { ...emptyPage({ isFullSync, groups: known }, isFullSync), activities };
    }
  }
  if (isFullSync) yield emptyPage({ isFullSync: false, groups: known }, false);
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

/**
 * A group that was deleted after it was listed has no members; this must not make the stream
 * unavailable.
 */
async function* readExisting<G extends Group>(
  ...parameters: Parameters<typeof readMembers<G>>
): AsyncGenerator<MembersPage> {
  try {
    yield* readMembers(...parameters);
  } catch (error) {
    if (!(error instanceof ConnectorError) || error.kind !== 'not-found') throw error;
  }
}

function toActivities<G extends Group>(
  { toActivity }: Pick<HubSpotParts, 'toActivity'>,
  { stream, prefix }: GroupSource<G>,
  group: G,
  { contactId, properties }: Member,
): SourcedActivity[] {
  const activity = toActivity({ id: `${prefix}:${group.id}`, source: stream, properties });
  return activity === null ? [] : [{ ...activity, ref: contactRef(contactId) }];
}
