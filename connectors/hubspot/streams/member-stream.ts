// Groups with members that HubSpot dates (lists, marketing events): the groups are listed at every poll, and the members of one
// are read only when it says that somebody came.
import { z } from 'zod';
import type { ChangePage, Cursor, SourcedActivity } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Fields } from '../../../src/domain/lead.ts';
import { emptyPage } from '../../kit/change-pages.ts';
import { contactRef } from '../contacts/contact-mapping.ts';
import { OVERLAP_MS } from '../objects/search-changes.ts';
import { type HubSpotParts, parseCursor } from './stream.ts';

const groupSchema = z.object({
  /** What the group said of its last newcomer, and when that was first seen, by our clock. */
  mark: z.string(),
  markSeen: z.number(),
  /** When its members were read to the end after that; null: that is under way. */
  readAt: z.number().nullable(),
  /** The page that was read last; null: the first. */
  page: z.string().nullable(),
  /** When the newest member that was read had come (epoch ms). */
  newest: z.number().nullable(),
});
type GroupState = z.infer<typeof groupSchema>;

const cursorSchema = z.object({
  /** The first pass over all groups is under way. */
  whole: z.boolean(),
  groups: z.record(z.string(), groupSchema),
});

export interface Group {
  readonly id: string;
  /** Changes when somebody comes. */
  readonly changeToken: string;
}

export interface Member {
  readonly contactId: string;
  /** Epoch ms. */
  readonly at: number;
  /** All that a rule of the mapping may ask for. */
  readonly properties: Fields;
}

export interface GroupSource<G extends Group> {
  readonly stream: string;
  /** Activity ids are `<prefix>:<group>`: somebody who comes again has come once, later. */
  readonly prefix: string;
  /** Members come in the order of their dates: reading goes on where it ended. */
  readonly inOrder: boolean;
  /** Those that the mapping can want. */
  list(signal: AbortSignal): Promise<readonly G[]>;
  members(
    group: G,
    after: string | null,
    signal: AbortSignal,
  ): Promise<{ members: readonly Member[]; next: string | null }>;
}

export async function* readGroupMembers<G extends Group>(
  parts: Pick<HubSpotParts, 'clock' | 'toActivity'>,
  source: GroupSource<G>,
  cursor: Cursor | null,
  signal: AbortSignal,
): AsyncGenerator<ChangePage> {
  const { whole, groups } = parseCursor(cursorSchema, source.stream, cursor ?? { whole: true, groups: {} });
  const listed = await source.list(signal);
  // What is no longer listed is forgotten; those who were in it stay where they are.
  let known = Object.fromEntries(
    listed.flatMap(({ id }) => {
      const state = groups[id];
      return state === undefined ? [] : [[id, state] as const];
    }),
  );
  for (const group of listed) {
    const now = parts.clock.now().getTime();
    const begun = begin(group, known[group.id], now);
    if (begun === null) continue;
    for await (const { state, members } of readListed(source, group, begun, now, signal)) {
      known = { ...known, [group.id]: state };
      const activities = members.flatMap((member) => toActivities(parts, source, group, member));
      yield { ...emptyPage({ whole, groups: known }, whole), activities };
    }
  }
  if (whole) yield emptyPage({ whole: false, groups: known }, false);
}

/** Null: nothing to read. What it says may be ahead of its members, so that it is read once more when that has settled. */
function begin({ changeToken }: Group, known: GroupState | undefined, now: number): GroupState | null {
  if (known === undefined) return { mark: changeToken, markSeen: now, readAt: null, page: null, newest: null };
  if (known.mark !== changeToken) return { ...known, mark: changeToken, markSeen: now, readAt: null };
  const settled = known.readAt !== null && known.readAt - known.markSeen >= OVERLAP_MS;
  return settled ? null : { ...known, readAt: null };
}

/** A group that was deleted after it was listed has no members to read; that closes no stream. */
async function* readListed<G extends Group>(...given: Parameters<typeof readMembers<G>>): AsyncGenerator<ReadMembers> {
  try {
    yield* readMembers(...given);
  } catch (error) {
    if (!(error instanceof ConnectorError) || error.kind !== 'not-found') throw error;
  }
}

interface ReadMembers {
  readonly state: GroupState;
  readonly members: readonly Member[];
}

async function* readMembers<G extends Group>(
  source: GroupSource<G>,
  group: G,
  begun: GroupState,
  now: number,
  signal: AbortSignal,
): AsyncGenerator<ReadMembers> {
  const resumed = source.inOrder && begun.newest !== null ? await resume(source, group, begun, signal) : null;
  let token = resumed === null ? null : begun.page;
  let page = resumed ?? (await source.members(group, null, signal));
  let { members } = page;
  let state = begun;
  // A page that only told where to go on comes with the one behind it: a process that is killed after each page gets ahead.
  if (resumed !== null && page.next !== null) {
    token = page.next;
    page = await source.members(group, token, signal);
    members = [...members, ...page.members];
  }
  for (;;) {
    const newest = members.reduce<number | null>((last, { at }) => Math.max(last ?? at, at), state.newest);
    state = { ...state, page: token, newest, readAt: page.next === null ? now : null };
    yield { state, members };
    if (page.next === null) return;
    token = page.next;
    page = await source.members(group, token, signal);
    members = page.members;
  }
}

/**
 * The page that was read last, as it is now. What a token stands for is not documented: only where the page begins before the
 * newest member that we know is nobody new in front of it. Null: read from the beginning.
 */
async function resume<G extends Group>(
  source: GroupSource<G>,
  group: G,
  { page, newest }: GroupState,
  signal: AbortSignal,
) {
  try {
    const answer = await source.members(group, page, signal);
    const first = answer.members[0];
    const before = first !== undefined && newest !== null && first.at < newest;
    return page === null || before ? answer : null;
  } catch (error) {
    if (error instanceof ConnectorError && error.kind === 'invalid') return null;
    throw error;
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
