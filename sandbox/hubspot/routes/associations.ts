// POST /crm/associations/{version}/{from}/{to}/batch/read: the links of records.
import { z } from 'zod';
import { batchReply } from '../batch-reply.ts';
import type { Call, Endpoint } from '../http/endpoint.ts';
import { badRequest } from '../hubspot-error.ts';
import { OBJECT_KINDS, type ObjectType } from '../object-types.ts';
import { objectTypeOf } from './list-query.ts';
import { shuffleDeterministically } from './read-objects.ts';

const MAX_INPUTS = 1000;
const MAX_TARGETS = 100;

const bodySchema = z.strictObject({
  inputs: z.array(z.strictObject({ id: z.string(), after: z.string().regex(/^\d+$/).optional() })).min(1),
});

export const readAssociations: Endpoint = {
  // The stricter reading of the documents: a link reveals both ends, so the contacts scope alone is
  // not enough.
  scopes: (call) => {
    const from = objectTypeOf(call, 'from');
    return [OBJECT_KINDS[from === 'contacts' ? objectTypeOf(call, 'to') : from].readScope];
  },
  handle: (call) => {
    const from = objectTypeOf(call, 'from');
    const to = objectTypeOf(call, 'to');
    if (!call.portal.links.canLink(from, to)) throw badRequest(`No associations exist between ${from} and ${to}.`);
    const { inputs } = call.body(bodySchema);
    if (inputs.length > MAX_INPUTS) {
      throw badRequest(`The maximum number of inputs supported in a batch request is ${MAX_INPUTS}.`);
    }
    const results: unknown[] = [];
    const errors: unknown[] = [];
    for (const { id, after } of inputs) {
      const result = linksOf(call, from, to, id, Number(after ?? 0));
      if (result) results.push(result);
      else errors.push(noAssociations(from, to, id));
    }
    return batchReply(call.portal.clock.now(), shuffleDeterministically(results, inputs), errors);
  },
};

function linksOf(call: Call, from: ObjectType, to: ObjectType, id: string, after: number) {
  const { links } = call.portal;
  const record = call.portal.table(from).find(id);
  const all = record ? links.linksOf(from, record.id, to) : [];
  if (all.length === 0) return null;
  const page = all.slice(after, after + MAX_TARGETS);
  const next = after + MAX_TARGETS;
  return {
    from: { id },
    to: page.map((link) => ({ toObjectId: link.to, associationTypes: links.typesOf(from, to, link) })),
    ...(next < all.length ? { paging: { next: { after: String(next) } } } : {}),
  };
}

// HubSpot reports a record without links as an error in a 207, not as an empty list.
function noAssociations(from: ObjectType, to: ObjectType, id: string) {
  const there = OBJECT_KINDS[from].singular;
  const here = OBJECT_KINDS[to].singular;
  return {
    status: 'error',
    category: 'OBJECT_NOT_FOUND',
    subCategory: 'crm.associations.NO_ASSOCIATIONS_FOUND',
    message: `No ${here} is associated with ${there} ${id}.`,
    context: { fromObjectId: [id], fromObjectType: [there], toObjectType: [here] },
  };
}
