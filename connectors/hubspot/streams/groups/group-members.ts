// Reads the members of one group, page by page, from where an earlier read ended.
import { z } from 'zod';
import { ConnectorError } from '../../../../src/crm/connector-error.ts';
import type { Fields } from '../../../../src/domain/lead.ts';
import { pageTokens } from '../../../kit/page-tokens.ts';
import type { UnexpectedItem } from '../../http/responses/id-and-paging.ts';

export interface Group {
  readonly id: string;
  /** Changes when a member joins. */
  readonly changeToken: string;
}

export interface Member {
  readonly contactId: string;
  /** Epoch ms. */
  readonly at: number;
  /** Everything that a rule of the mapping may read. */
  readonly properties: Fields;
}

export interface GroupSource<G extends Group> {
  readonly stream: string;
  /**
   * Activity IDs are `<prefix>:<group>`: a contact that joins again has joined once, at the later
   * date.
   */
  readonly prefix: string;
  /** Members are listed in the order of their dates, so reading can continue where it ended. */
  readonly inOrder: boolean;
  /** One group in HubSpot's words: `list`. */
  readonly kind: string;
  /** The groups that a rule of the mapping can match, and those of an unexpected shape. */
  list(signal: AbortSignal): Promise<{ groups: readonly G[]; unexpected: readonly UnexpectedItem[] }>;
  /** Those of the groups that HubSpot still has, whether or not a rule matches them. */
  existing(ids: readonly string[], signal: AbortSignal): Promise<readonly string[]>;
  /** The number of members according to HubSpot; null = it does not tell. Absent: never. */
  sizeOf?(group: G): number | null;
  /** All properties of a member that joined at an instant (epoch ms). Absent: members have others. */
  memberProperties?(group: G, at: number): Fields;
  members(group: G, after: string | null, signal: AbortSignal): Promise<MemberPage>;
}

export interface MemberPage {
  readonly members: readonly Member[];
  /** Members of an unexpected shape. */
  readonly unexpected: readonly UnexpectedItem[];
  readonly next: string | null;
}

export const groupStateSchema = z.object({
  changeToken: z.string(),
  /** When the change token was first seen, by our clock. */
  tokenSeenAt: z.number(),
  /** When all members were read after that; null = not yet. */
  readAt: z.number().nullable(),
  /** The page that was read last; null = the first page. */
  page: z.string().nullable(),
  /** The date of the newest member that was read (epoch ms). */
  newest: z.number().nullable(),
});
export type GroupState = z.infer<typeof groupStateSchema>;

export interface MembersPage extends Pick<MemberPage, 'members' | 'unexpected'> {
  readonly state: GroupState;
}

export async function* readMembers<G extends Group>(
  source: GroupSource<G>,
  group: G,
  start: GroupState,
  now: number,
  signal: AbortSignal,
): AsyncGenerator<MembersPage> {
  const resumed = source.inOrder && start.newest !== null ? await resume(source, group, start, signal) : null;
  let token = resumed === null ? null : start.page;
  const checkToken = pageTokens('hubspot', `reading the members of a ${source.kind}`, token);
  let page = resumed ?? (await source.members(group, null, signal));
  let { members, unexpected } = page;
  let state = start;
  let next = checkToken(page.next);
  // The resumed page may contain no new member, so it is returned together with the next one: a
  // process that is killed after each page still makes progress.
  if (resumed !== null && next !== null) {
    token = next;
    page = await source.members(group, token, signal);
    members = [...members, ...page.members];
    unexpected = [...unexpected, ...page.unexpected];
    next = checkToken(page.next);
  }
  for (;;) {
    const newest = members.reduce<number | null>((latest, { at }) => Math.max(latest ?? at, at), state.newest);
    state = { ...state, page: token, newest, readAt: next === null ? now : null };
    yield { state, members, unexpected };
    if (next === null) return;
    token = next;
    page = await source.members(group, token, signal);
    next = checkToken(page.next);
    ({ members, unexpected } = page);
  }
}

/**
 * The page that was read last, as it is now; null = read from the first page. The meaning of a page
 * token is not documented: only if the page starts before the newest known member is there
 * certainly no new member before it.
 */
async function resume<G extends Group>(
  source: GroupSource<G>,
  group: G,
  { page, newest }: GroupState,
  signal: AbortSignal,
) {
  try {
    const result = await source.members(group, page, signal);
    const first = result.members[0];
    const startsBefore = first !== undefined && newest !== null && first.at < newest;
    return page === null || startsBefore ? result : null;
  } catch (error) {
    if (error instanceof ConnectorError && error.kind === 'invalid') return null;
    throw error;
  }
}
