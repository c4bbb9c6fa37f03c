// Control API: user actions on deals.
import { z } from 'zod';
import { ok, type Reply } from '../../http/reply.ts';
import { badRequest } from '../hubspot-error.ts';
import { archiveDeal, createDeal, linkDeal, moveDeal, unlinkDeal } from '../portal/deals.ts';
import type { Portal } from '../portal/portal.ts';
import { checkValues, invalidValues } from '../properties/property-values.ts';
import { recordMetadata } from '../records/record-json.ts';
import type { CrmRecord } from '../records/record-table.ts';
import { existing } from './people-actions.ts';

const newDealSchema = z.strictObject({
  contactIds: z.array(z.string()).default([]),
  stage: z.string(),
  name: z.string().default('New deal'),
  amount: z.number().nullable().default(null),
});
const changeSchema = z.strictObject({
  stage: z.string().optional(),
  properties: z.record(z.string(), z.string()).default({}),
});
const stageSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9]+$/),
  label: z.string(),
  isClosed: z.boolean(),
  probability: z.number().min(0).max(1),
});

export function addDeal(portal: Portal, body: unknown): Reply {
  const { stage, contactIds, ...deal } = newDealSchema.parse(body);
  const ids = contactIds.map((id) => existing(portal, 'contacts', id).id);
  const stages = [{ id: existingStage(portal, stage), at: portal.clock.now() }];
  const record = createDeal(portal, { ...deal, contactIds: ids, stages, indexFrom: portal.indexFrom() });
  return { status: 201, body: dealJson(record) };
}

/** Moves a deal to a stage, or edits it. */
export function changeDeal(portal: Portal, id: string, body: unknown): Reply {
  const { stage, properties } = changeSchema.parse(body);
  const { values, problems } = checkValues(portal.registry('deals'), properties);
  if (problems.length > 0) throw invalidValues(problems);
  const record = existing(portal, 'deals', id);
  if (stage === undefined) return ok(dealJson(portal.write('deals', record, values)));
  return ok(dealJson(moveDeal(portal, record, existingStage(portal, stage), values)));
}

export function deleteDeal(portal: Portal, id: string): Reply {
  archiveDeal(portal, existing(portal, 'deals', id));
  return ok({});
}

export function linkContact(portal: Portal, dealId: string, contactId: string): Reply {
  linkDeal(portal, existing(portal, 'deals', dealId).id, existing(portal, 'contacts', contactId).id);
  return ok({});
}

export function unlinkContact(portal: Portal, dealId: string, contactId: string): Reply {
  unlinkDeal(portal, existing(portal, 'deals', dealId).id, existing(portal, 'contacts', contactId).id);
  return ok({});
}

export function addStage(portal: Portal, pipelineId: string, body: unknown): Reply {
  portal.addStage(pipelineId, stageSchema.parse(body));
  return ok({});
}

function existingStage(portal: Portal, stage: string): string {
  const all = portal.pipelines.flatMap(({ stages }) => stages.map(({ id }) => id));
  if (!all.includes(stage)) throw badRequest(`${stage} is not a valid pipeline stage ID`);
  return stage;
}

function dealJson(record: CrmRecord): Record<string, unknown> {
  return { ...recordMetadata(record), properties: Object.fromEntries(record.properties) };
}
