// Writes contacts in batches, with HubSpot's validation. One invalid value rejects the whole batch.
import { z } from 'zod';
import type { Reply } from '../../http/reply.ts';
import { batchReply } from '../batch-reply.ts';
import type { Call, Endpoint } from '../http/endpoint.ts';
import { badRequest, HubSpotError, missingObjects } from '../hubspot-error.ts';
import { type CheckedValues, checkValues, invalidValues, valueProblem } from '../properties/property-values.ts';
import { recordMetadata } from '../records/record-json.ts';
import type { CrmRecord } from '../records/record-table.ts';
import { checkBatchSize, shuffleDeterministically } from './read-objects.ts';

const batchUpdateSchema = z.strictObject({
  inputs: z
    .array(
      z.strictObject({
        id: z.string(),
        idProperty: z.string().optional(),
        objectWriteTraceId: z.string().optional(),
        // Text only: neither numbers nor null, https://developers.hubspot.com/docs/api-reference
        // (properties of a write).
        properties: z.record(z.string(), z.string()),
      }),
    )
    .min(1),
});
type Input = z.infer<typeof batchUpdateSchema>['inputs'][number];

/** POST /crm/objects/{version}/contacts/batch/update */
export const batchUpdateContacts: Endpoint = {
  scopes: () => ['crm.objects.contacts.write'],
  handle: (call) => {
    const { inputs } = call.body(batchUpdateSchema);
    checkBatchSize(inputs.length);
    if (inputs.some(({ idProperty }) => idProperty !== undefined)) {
      throw badRequest('Unable to perform update/upsert by non-unique 0-1 property.');
    }
    const checked = checkInputs(call, inputs);
    return apply(call, inputs, checked);
  },
};

function checkInputs(call: Call, inputs: readonly Input[]): readonly CheckedValues[] {
  const contacts = call.portal.table('contacts');
  const ids = inputs.map(({ id }) => contacts.resolve(id));
  const twice = ids.filter((id, at) => ids.indexOf(id) !== at);
  if (twice.length > 0)
    throw badRequest(`Duplicate IDs found in batch input: [${twice.join(', ')}]. IDs must be unique.`);
  const checked = inputs.map(({ properties }) => checkValues(call.portal.registry('contacts'), properties));
  const broken = call.portal.validationRules.filter(({ contactIds }) => contactIds.some((id) => ids.includes(id)));
  const problems = [
    ...checked.flatMap((each) => each.problems),
    ...broken.map(({ property, error, message }) => valueProblem(error, message, property)),
  ];
  if (problems.length > 0) throw invalidValues(problems);
  return checked;
}

function apply(call: Call, inputs: readonly Input[], checked: readonly CheckedValues[]): Reply {
  const contacts = call.portal.table('contacts');
  const missing: string[] = [];
  const results: unknown[] = [];
  const byProduct = { source: 'INTEGRATION', sourceId: String(call.portal.appId) };
  inputs.forEach(({ id, properties }, at) => {
    const contact = contacts.find(id);
    const values = checked[at]?.values;
    if (!contact || !values) missing.push(id);
    else results.push(written(call.portal.write('contacts', contact, values, byProduct), properties, values));
  });
  if (results.length === 0) throw new HubSpotError(404, missingObjects('contact', missing));
  const errors = missing.length === 0 ? [] : [missingObjects('contact', missing)];
  return batchReply(call.portal.clock.now(), shuffleDeterministically(results, inputs), errors);
}

/**
 * The sent properties as stored, and those that HubSpot adds; a cleared value is returned as "".
 */
function written(
  contact: CrmRecord,
  sent: Readonly<Record<string, string>>,
  values: ReadonlyMap<string, string>,
): Record<string, unknown> {
  const properties: Record<string, string> = {};
  for (const name of Object.keys(sent)) properties[name] = values.get(name) ?? '';
  for (const name of ['lastmodifieddate', 'hs_email_domain']) {
    const value = contact.properties.get(name);
    if (value !== undefined) properties[name] = value;
  }
  return { ...recordMetadata(contact), properties };
}
