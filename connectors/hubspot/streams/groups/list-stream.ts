// List memberships (HubSpot calls lists segments) with their dates. Only lists that a rule of the
// mapping can match are read. One search returns for all lists when a contact last joined.

import type { ChangeStream } from '../../../../src/crm/connector.ts';
import type { Fields } from '../../../../src/domain/lead.ts';
import { pageTokens } from '../../../kit/page-tokens.ts';
import { type HubSpotList, listMembersSchema, listsSchema } from '../../http/responses/activities.ts';
import type { UnexpectedItem } from '../../http/responses/id-and-paging.ts';
import { STREAM_SCOPES } from '../../http/scopes.ts';
import type { HubSpotParts } from '../../parts.ts';
import { reconcileGroups } from '../../reconcile/reconcile-groups.ts';
import { type StreamReader, scopeFix } from '../stream-reader.ts';
import type { Group, GroupSource } from './group-members.ts';
import { readGroupMembers } from './group-stream.ts';

const CONTACTS = '0-1';
const SEARCH_PAGE = 500;
const MEMBERS_PAGE = 250;
const LAST_JOINED = 'hs_last_record_added_at';
const SIZE = 'hs_list_size';

interface List extends Group {
  readonly properties: Fields;
  readonly size: number | null;
}

function memberProperties({ properties }: List, at: number): Fields {
  return { ...properties, joined_at: at };
}

export function listStream(parts: HubSpotParts, stream: ChangeStream): StreamReader {
  const { http } = parts;
  const source: GroupSource<List> = {
    stream: stream.id,
    prefix: 'list',
    kind: 'list',
    inOrder: true,
    list: async (signal) => {
      const { lists, unexpected } = await searchLists(parts, signal);
      return { groups: lists.flatMap((list) => toGroups(parts, list)), unexpected };
    },
    existing: async (ids, signal) => {
      const { lists } = await searchLists(parts, signal);
      return lists.map(({ listId }) => listId).filter((id) => ids.includes(id));
    },
    sizeOf: ({ size }) => size,
    memberProperties,
    async members(list, after, signal) {
      const query = { limit: String(MEMBERS_PAGE), ...(after === null ? {} : { after }) };
      const path = http.paths.listMembers(list.id);
      const response = await http.call(
        { what: 'reading the members of a list', path, query, responseSchema: listMembersSchema },
        signal,
      );
      const { valid, unexpected } = response.results;
      const members = valid.map(({ recordId, membershipTimestamp }) => {
        const at = Date.parse(membershipTimestamp);
        return { contactId: recordId, at, properties: memberProperties(list, at) };
      });
      return { members, unexpected, next: response.paging };
    },
  };
  return {
    stream,
    access: {
      probe: { method: 'POST', path: http.paths.listSearch, body: { count: 1 } },
      fix: scopeFix(STREAM_SCOPES.lists),
    },
    read: (cursor, signal, setAside) => readGroupMembers(parts, source, cursor, signal, setAside),
    reconcile: (request, signal) => reconcileGroups(parts, source, request, signal),
  };
}

async function searchLists({ http }: HubSpotParts, signal: AbortSignal) {
  const lists: HubSpotList[] = [];
  const unexpected: UnexpectedItem[] = [];
  const what = 'reading lists';
  const checkOffset = pageTokens('hubspot', what, '0');
  for (let offset = 0; ; ) {
    const body = { query: '', count: SEARCH_PAGE, offset, additionalProperties: [LAST_JOINED, SIZE] };
    const path = http.paths.listSearch;
    const response = await http.call({ what, method: 'POST', path, body, responseSchema: listsSchema }, signal);
    lists.push(...response.lists.valid);
    unexpected.push(...response.lists.unexpected);
    if (!response.hasMore) return { lists, unexpected };
    offset = response.offset;
    checkOffset(String(offset));
  }
}

/** One group, or none for a list that no rule of the mapping matches. */
function toGroups({ toActivity, clock }: HubSpotParts, list: HubSpotList): List[] {
  if (list.objectTypeId !== CONTACTS) return [];
  const additional = list.additionalProperties ?? {};
  const properties = { list_id: list.listId, list_name: list.name, list_type: list.processingType ?? null };
  const activity = toActivity({
    id: `list:${list.listId}`,
    source: 'lists',
    properties: { ...properties, joined_at: clock.now().getTime() },
  });
  // If HubSpot does not report the last join, at least the size changes.
  const changeToken = String(additional[LAST_JOINED] ?? `size ${String(additional[SIZE] ?? 'unknown')}`);
  const size = Number(additional[SIZE] ?? Number.NaN);
  const counted = { size: Number.isSafeInteger(size) ? size : null };
  return activity === null ? [] : [{ id: list.listId, changeToken, properties, ...counted }];
}
