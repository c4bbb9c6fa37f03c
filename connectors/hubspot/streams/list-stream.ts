// Who joined a list (HubSpot calls them segments), and when. Only lists that a rule of the mapping can match are read: one search
// tells of all lists whether somebody has joined since.

import type { ChangeStream } from '../../../src/crm/connector.ts';
import type { Fields } from '../../../src/domain/lead.ts';
import { type HubSpotList, listMembersAnswer, listsAnswer } from '../http/responses.ts';
import { STREAM_SCOPES } from '../http/scopes.ts';
import { type Group, type GroupSource, readGroupMembers } from './member-stream.ts';
import { type HubSpotParts, type StreamReader, scopeFix } from './stream.ts';

const CONTACTS = '0-1';
const SEARCH_PAGE = 500;
const MEMBERS_PAGE = 250;
const LAST_JOINED = 'hs_last_record_added_at';
const SIZE = 'hs_list_size';

interface List extends Group {
  readonly properties: Fields;
}

export function listStream(parts: HubSpotParts, stream: ChangeStream): StreamReader {
  const { http } = parts;
  const source: GroupSource<List> = {
    stream: stream.id,
    prefix: 'list',
    inOrder: true,
    list: async (signal) => (await searchLists(parts, signal)).flatMap((list) => wanted(parts, list)),
    async members({ id, properties }, after, signal) {
      const query = { limit: String(MEMBERS_PAGE), ...(after === null ? {} : { after }) };
      const path = http.paths.listMembers(id);
      const answer = await http.call(
        { what: 'reading the members of a list', path, query, answer: listMembersAnswer },
        signal,
      );
      const members = answer.results.map(({ recordId, membershipTimestamp }) => {
        const at = Date.parse(membershipTimestamp);
        return { contactId: recordId, at, properties: { ...properties, joined_at: at } };
      });
      return { members, next: answer.paging };
    },
  };
  return {
    stream,
    access: {
      probe: { method: 'POST', path: http.paths.listSearch, body: { count: 1 } },
      fix: scopeFix(STREAM_SCOPES.lists),
    },
    read: (cursor, signal) => readGroupMembers(parts, source, cursor, signal),
  };
}

async function searchLists({ http }: HubSpotParts, signal: AbortSignal): Promise<HubSpotList[]> {
  const found: HubSpotList[] = [];
  for (let offset = 0; ; ) {
    const body = { query: '', count: SEARCH_PAGE, offset, additionalProperties: [LAST_JOINED, SIZE] };
    const path = http.paths.listSearch;
    const answer = await http.call({ what: 'reading lists', method: 'POST', path, body, answer: listsAnswer }, signal);
    found.push(...answer.lists);
    if (!answer.hasMore || answer.offset <= offset) return found;
    offset = answer.offset;
  }
}

function wanted({ toActivity, clock }: HubSpotParts, list: HubSpotList): List[] {
  if (list.objectTypeId !== CONTACTS) return [];
  const more = list.additionalProperties ?? {};
  const properties = { list_id: list.listId, list_name: list.name, list_type: list.processingType ?? null };
  const joined = toActivity({
    id: `list:${list.listId}`,
    source: 'lists',
    properties: { ...properties, joined_at: clock.now().getTime() },
  });
  // Where HubSpot does not say when somebody joined last, the size at least changes.
  const mark = String(more[LAST_JOINED] ?? `size ${String(more[SIZE] ?? 'unknown')}`);
  return joined === null ? [] : [{ id: list.listId, changeToken: mark, properties }];
}
