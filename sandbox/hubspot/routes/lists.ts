// Lists of contacts: search, and members by joining time.
import { z } from 'zod';
import { ok } from '../../http/reply.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { objectNotFound } from '../hubspot-error.ts';
import type { ContactList } from '../portal/contact-lists.ts';
import { inJoinOrder } from '../portal/contact-lists.ts';
import { encodeToken, limitSchema, offsetSchema } from './list-query.ts';

const scopes = () => ['crm.lists.read'];

const searchSchema = z.strictObject({
  query: z.string().optional(),
  listIds: z.array(z.string()).optional(),
  processingTypes: z.array(z.enum(['MANUAL', 'DYNAMIC', 'SNAPSHOT'])).optional(),
  objectTypeId: z.string().optional(),
  additionalProperties: z.array(z.string()).default([]),
  count: z.number().int().min(1).max(500).default(20),
  offset: z.number().int().min(0).default(0),
});

/** POST /crm/lists/{version}/search */
export const searchLists: Endpoint = {
  scopes,
  handle: ({ portal, body }) => {
    const wanted = body(searchSchema);
    const text = (wanted.query ?? '').toLowerCase();
    const found = [...portal.lists.all.values()].filter(
      (list) =>
        list.name.toLowerCase().includes(text) &&
        (wanted.listIds?.includes(list.id) ?? true) &&
        (wanted.processingTypes?.includes(list.type) ?? true) &&
        (wanted.objectTypeId ?? '0-1') === '0-1',
    );
    const end = wanted.offset + wanted.count;
    const lists = found.slice(wanted.offset, end).map((list) => listJson(list, wanted.additionalProperties));
    return ok({ lists, total: found.length, offset: Math.min(end, found.length), hasMore: end < found.length });
  },
};

function listJson(list: ContactList, requested: readonly string[]): Record<string, unknown> {
  const more: Readonly<Record<string, string | null>> = {
    hs_list_size: String(list.members.size),
    hs_last_record_added_at: list.lastAddedAt === null ? null : String(list.lastAddedAt),
  };
  return {
    listId: list.id,
    listVersion: 1,
    name: list.name,
    objectTypeId: '0-1',
    processingType: list.type,
    processingStatus: 'COMPLETE',
    createdAt: new Date(list.createdAt).toISOString(),
    updatedAt: new Date(list.updatedAt).toISOString(),
    additionalProperties: Object.fromEntries(
      requested.flatMap((name) => (typeof more[name] === 'string' ? [[name, more[name]]] : [])),
    ),
  };
}

// HubSpot does not document its paging tokens. Here a token is an offset, the worst case for a
// client: a member who leaves shifts all later members.
const membersSchema = z.strictObject({
  limit: limitSchema(250, 100),
  after: offsetSchema.optional(),
});

/** GET /crm/lists/{version}/{listId}/memberships/join-order */
export const listMembers: Endpoint = {
  takesQuery: true,
  scopes,
  handle: ({ portal, param, query }) => {
    const { limit, after } = query(membersSchema);
    const list = portal.lists.all.get(param('listId'));
    if (!list) throw objectNotFound(`List does not exist with ID ${param('listId')}.`);
    const members = inJoinOrder(list);
    const start = after ?? 0;
    const end = start + limit;
    const results = members.slice(start, end).map(([recordId, at]) => ({
      recordId,
      membershipTimestamp: new Date(at).toISOString(),
    }));
    return ok({
      results,
      total: members.length,
      ...(end < members.length ? { paging: { next: { after: encodeToken(String(end)) } } } : {}),
    });
  },
};
