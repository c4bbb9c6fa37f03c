// Control API: changes that move no SystemModstamp: of formula fields and roll-ups.
// https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/system_fields.htm
import { z } from 'zod';
import { ok, type Reply } from '../../http/reply.ts';
import type { SalesforceRequestContext } from '../http/endpoint.ts';
import { fullId } from '../ids.ts';
import { notFound } from '../salesforce-error.ts';

const valuesSchema = z.strictObject({
  values: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});

/** Writes values as a formula changes them: no modification time changes. */
export function calculate({ org }: SalesforceRequestContext, object: string, id: string, body: unknown): Reply {
  const { values } = valuesSchema.parse(body);
  const record = org.find(fullId(id) ?? '');
  if (!record || record.type !== object) throw notFound();
  org.writeSilently(record, values);
  return ok({});
}
