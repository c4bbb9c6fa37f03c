// Reads records: in pages, by ID, in batches, by search.
import { z } from 'zod';
import { seedOf, shuffled } from '../../dataset/random.ts';
import { ok, type Reply } from '../../http/reply.ts';
import { batchReply } from '../batch-reply.ts';
import type { Call, Endpoint } from '../http/endpoint.ts';
import { badRequest, missingObjects, objectNotFound } from '../hubspot-error.ts';
import { isObjectType, OBJECT_KINDS, type ObjectType } from '../object-types.ts';
import type { Portal } from '../portal/portal.ts';
import { addressesOf } from '../records/contact-addresses.ts';
import { listLinkType } from '../records/link-store.ts';
import { recordJson } from '../records/record-json.ts';
import type { CrmRecord, RecordTable } from '../records/record-table.ts';
import { search, searchSchema } from '../records/search.ts';
import { limitSchema, namesSchema, objectTypeOf } from './list-query.ts';

const MAX_BATCH = 100;
const MAX_LISTED_LINKS = 100;

const readScopes = (call: Call): readonly string[] => {
  const type = call.param('type');
  return isObjectType(type) ? [OBJECT_KINDS[type].readScope] : ['crm.objects.contacts.read'];
};

// "The maximum number of inputs supported in a batch request for property histories is 50":
// response of a real portal.
const MAX_WITH_HISTORY = 50;

const selectionSchema = {
  properties: namesSchema.default([]),
  propertiesWithHistory: namesSchema.default([]),
  associations: namesSchema.default([]),
  archived: z.enum(['true', 'false']).default('false'),
};

const listSchema = z.strictObject({
  ...selectionSchema,
  limit: limitSchema(100, 10),
  after: z.string().regex(/^\d+$/, 'is not a cursor').optional(),
});

/** GET /crm/objects/{version}/{type} */
export const listObjects: Endpoint = {
  takesQuery: true,
  scopes: readScopes,
  handle: (call) => {
    const type = objectTypeOf(call);
    const { limit, after = null, archived, ...selection } = call.query(listSchema);
    if (selection.propertiesWithHistory.length > 0 && limit > MAX_WITH_HISTORY) {
      throw badRequest(
        `The maximum number of records supported in a request for property histories is ${MAX_WITH_HISTORY}`,
      );
    }
    const table = call.portal.table(type);
    const { records, more } = table.list(after, limit, archived === 'true' ? call.portal.clock.now() : undefined);
    const results = records.map((record) => selectedJson(call.portal, type, record, selection));
    const last = records.at(-1);
    if (!more || !last) return ok({ results });
    const link = `https://api.hubapi.com/crm/objects/2026-03/${type}?after=${last.id}`;
    return ok({ results, paging: { next: { after: last.id, link } } });
  },
};

/** GET /crm/objects/{version}/{type}/{id} */
export const getObject: Endpoint = {
  takesQuery: true,
  scopes: readScopes,
  handle: (call) => {
    const type = objectTypeOf(call);
    const { archived, ...selection } = call.query(z.strictObject(selectionSchema));
    const table = call.portal.table(type);
    const record = findIn(call.portal, table, archived)(call.param('id'));
    if (!record) throw objectNotFound(`${table.kind.singular} does not exist`);
    return ok(selectedJson(call.portal, type, record, selection));
  },
};

/** Finds records among the existing ones or among the deleted ones, never both. */
function findIn({ clock }: Portal, table: RecordTable, archived: 'true' | 'false') {
  const now = clock.now();
  return (id: string) => (archived === 'true' ? table.findArchived(id, now) : table.find(id));
}

const batchReadSchema = z.strictObject({
  inputs: z.array(z.strictObject({ id: z.string() })).min(1),
  properties: z.array(z.string()).default([]),
  propertiesWithHistory: z.array(z.string()).default([]),
  idProperty: z.string().optional(),
});

/** POST /crm/objects/{version}/{type}/batch/read */
export const batchRead: Endpoint = {
  takesQuery: true,
  scopes: readScopes,
  handle: (call) => {
    const type = objectTypeOf(call);
    const { archived } = call.query(z.strictObject({ archived: selectionSchema.archived }));
    const { inputs, properties, propertiesWithHistory, idProperty } = call.body(batchReadSchema);
    checkBatchSize(inputs.length);
    if (propertiesWithHistory.length > 0 && inputs.length > MAX_WITH_HISTORY) {
      throw badRequest(
        `The maximum number of inputs supported in a batch request for property histories is ${MAX_WITH_HISTORY}`,
      );
    }
    const table = call.portal.table(type);
    const find = finder(call.portal, type, { idProperty, archived, ids: inputs.map(({ id }) => id) });
    const found = new Map<string, CrmRecord>();
    const missing: string[] = [];
    for (const { id } of inputs) {
      const record = find(id);
      if (record) found.set(record.id, record);
      else missing.push(id);
    }
    const registry = call.portal.registry(type);
    const json = [...found.values()].map((record) => {
      return recordJson(table, registry, record, properties, propertiesWithHistory);
    });
    const errors = missing.length === 0 ? [] : [missingObjects(table.kind.singular, missing)];
    return batchReply(call.portal.clock.now(), shuffleDeterministically(json, inputs), errors);
  },
};

/** POST /crm/objects/{version}/{type}/search */
export const searchObjects: Endpoint = {
  kind: 'search',
  scopes: readScopes,
  handle: (call): Reply => {
    const type = objectTypeOf(call);
    const wanted = call.body(searchSchema);
    const table = call.portal.table(type);
    const registry = call.portal.registry(type);
    const { total, records, nextAfter } = search(table, registry, wanted, call.portal.clock.now());
    const results = records.map((record) => recordJson(table, registry, record, wanted.properties));
    return ok({ total, results, ...(nextAfter === null ? {} : { paging: { next: { after: nextAfter } } }) });
  },
};

/** @throws HubSpotError 400 */
export function checkBatchSize(size: number): void {
  if (size > MAX_BATCH) {
    throw badRequest(
      `The maximum number of inputs supported in a batch request is ${MAX_BATCH}, but ${size} were given.`,
    );
  }
}

/** Batch responses come in an arbitrary order, which is the same for the same request. */
export function shuffleDeterministically<T>(results: readonly T[], inputs: readonly { readonly id: string }[]): T[] {
  return shuffled(results, seedOf(inputs.map(({ id }) => id).join(',')));
}

interface Wanted {
  readonly idProperty: string | undefined;
  readonly archived: 'true' | 'false';
  /** What the finder will be asked for. */
  readonly ids: readonly string[];
}

function finder(portal: Portal, type: ObjectType, { idProperty, archived, ids }: Wanted) {
  const table = portal.table(type);
  if (idProperty === undefined || idProperty === 'hs_object_id') return findIn(portal, table, archived);
  if (!portal.registry(type).get(idProperty)?.hasUniqueValue) {
    throw badRequest(`The property ${idProperty} is not a unique property of ${type}.`);
  }
  const byIdentifier = recordsBy(table, idProperty, new Set(ids.map((id) => id.toLowerCase())));
  return (value: string) => byIdentifier.get(value.toLowerCase());
}

/** The oldest record of each identifier: one pass over the table for the whole batch. */
function recordsBy(
  table: RecordTable,
  idProperty: string,
  wanted: ReadonlySet<string>,
): ReadonlyMap<string, CrmRecord> {
  const found = new Map<string, CrmRecord>();
  let after: string | null = null;
  do {
    const { records, more }: { records: readonly CrmRecord[]; more: boolean } = table.list(after, 1000);
    for (const record of records) {
      for (const identifier of identifiersOf(record, idProperty)) {
        if (wanted.has(identifier) && !found.has(identifier)) found.set(identifier, record);
      }
    }
    after = more ? (records.at(-1)?.id ?? null) : null;
  } while (after !== null && found.size < wanted.size);
  return found;
}

/** A contact is found by each of its addresses. */
function identifiersOf(record: CrmRecord, idProperty: string): readonly string[] {
  if (idProperty === 'email') return addressesOf(record).filter((each) => each !== '');
  return [(record.properties.get(idProperty) ?? '').trim().toLowerCase()];
}

interface Selection {
  readonly properties: readonly string[];
  readonly propertiesWithHistory: readonly string[];
  readonly associations: readonly string[];
}

function selectedJson(
  portal: Portal,
  type: ObjectType,
  record: CrmRecord,
  { properties, propertiesWithHistory, associations }: Selection,
): Record<string, unknown> {
  const json = recordJson(portal.table(type), portal.registry(type), record, properties, propertiesWithHistory);
  const linked: Record<string, unknown> = {};
  for (const to of associations) {
    if (!isObjectType(to) || !portal.links.canLink(type, to))
      throw badRequest(`Unable to infer object type from: ${to}`);
    const links = portal.links.linksOf(type, record.id, to);
    if (links.length === 0) continue;
    const results = links.slice(0, MAX_LISTED_LINKS).flatMap((link) => {
      const plain = { id: link.to, type: listLinkType(type, to, false) };
      // A list names an own label by its text, without a category or a number.
      const own = link.labels.map(({ label }) => ({ id: link.to, type: label.toLowerCase().replaceAll(' ', '_') }));
      return [...own, ...(link.primary ? [{ id: link.to, type: listLinkType(type, to, true) }] : []), plain];
    });
    const paging = links.length > MAX_LISTED_LINKS ? { paging: { next: { after: String(MAX_LISTED_LINKS) } } } : {};
    linked[to] = { results, ...paging };
  }
  return Object.keys(linked).length === 0 ? json : { ...json, associations: linked };
}
