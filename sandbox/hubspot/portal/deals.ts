// Deals: created in a stage and moved through their pipeline. Each change updates what HubSpot
// rolls up on their contacts.

import { CALCULATION } from '../records/change-source.ts';
import type { CrmRecord, Properties } from '../records/record-table.ts';
import { dateEntered, type Stage } from './pipelines.ts';
import type { Portal } from './portal.ts';

export interface NewDeal {
  readonly name: string;
  readonly contactIds: readonly string[];
  readonly amount: number | null;
  /** The stages so far, with the instants at which it entered them (epoch ms). */
  readonly stages: readonly { readonly id: string; readonly at: number }[];
  /** When search begins to return it (epoch ms). */
  readonly indexFrom: number;
}

/** @throws if a stage is in no pipeline */
export function createDeal(portal: Portal, deal: NewDeal): CrmRecord {
  const [first] = deal.stages;
  const last = deal.stages.at(-1);
  if (first === undefined || last === undefined) throw new Error('a deal needs at least one stage');
  const values = new Map([['dealname', deal.name]]);
  if (deal.amount !== null) values.set('amount', String(deal.amount));
  if (deal.amount !== null) values.set('deal_currency_code', 'USD');
  for (const { id, at } of deal.stages)
    for (const [name, value] of enteringStage(portal, id, at)) values.set(name, value);
  const { indexFrom } = deal;
  const record = portal.add('deals', values, { created: first.at, modified: last.at, indexFrom });
  for (const contactId of deal.contactIds) linkDeal(portal, record.id, contactId, indexFrom);
  return record;
}

/** Moves a deal to another stage now and updates its modification time. */
export function moveDeal(portal: Portal, record: CrmRecord, stageId: string, changes: Properties): CrmRecord {
  const moved = portal.write(
    'deals',
    record,
    new Map([...changes, ...enteringStage(portal, stageId, portal.clock.now())]),
  );
  for (const { to } of portal.links.linksOf('deals', record.id, 'contacts')) countDeals(portal, to, portal.indexFrom());
  return moved;
}

/** Links a contact. The modification times of deal and contact do not change. */
export function linkDeal(portal: Portal, dealId: string, contactId: string, indexFrom = portal.indexFrom()): void {
  portal.link('deals', dealId, 'contacts', contactId);
  countDeals(portal, contactId, indexFrom);
}

/** As `linkDeal`. */
export function unlinkDeal(portal: Portal, dealId: string, contactId: string): void {
  portal.unlink('deals', dealId, 'contacts', contactId);
  countDeals(portal, contactId, portal.indexFrom());
}

/** Deletes a deal and its links. */
export function archiveDeal(portal: Portal, record: CrmRecord): void {
  const contacts = portal.links.linksOf('deals', record.id, 'contacts').map(({ to }) => to);
  portal.archive('deals', record);
  for (const contactId of contacts) countDeals(portal, contactId, portal.indexFrom());
}

function enteringStage(portal: Portal, stageId: string, at: number): [string, string][] {
  const { stage, pipelineId } = stageOf(portal, stageId);
  const instant = new Date(at).toISOString();
  return [
    ['dealstage', stageId],
    ['pipeline', pipelineId],
    ['hs_is_closed', String(stage.isClosed)],
    ['hs_is_closed_won', String(stage.isClosed && stage.probability === 1)],
    [dateEntered(stageId), instant],
    ...(stage.isClosed ? ([['closedate', instant]] satisfies [string, string][]) : []),
  ];
}

function stageOf(portal: Portal, stageId: string): { stage: Stage; pipelineId: string } {
  for (const { id, stages } of portal.pipelines) {
    const stage = stages.find((each) => each.id === stageId);
    if (stage) return { stage, pipelineId: id };
  }
  throw new Error(`unknown deal stage "${stageId}"`);
}

/**
 * Updates HubSpot's roll-ups on the contact. Its modification time does not change: the stricter
 * reading of the documents.
 */
function countDeals(portal: Portal, contactId: string, indexFrom: number): void {
  const contact = portal.table('contacts').find(contactId);
  if (!contact) return;
  const deals = portal.links
    .linksOf('contacts', contact.id, 'deals')
    .flatMap(({ to }) => portal.table('deals').find(to) ?? []);
  const won = deals
    .filter(({ properties }) => properties.get('hs_is_closed_won') === 'true')
    .toSorted((a, b) => ((a.properties.get('closedate') ?? '') < (b.properties.get('closedate') ?? '') ? 1 : -1));
  const values = new Map([
    ['num_associated_deals', deals.length === 0 ? '' : String(deals.length)],
    ['recent_deal_close_date', won[0]?.properties.get('closedate') ?? ''],
    ['recent_deal_amount', won[0]?.properties.get('amount') ?? ''],
  ]);
  const origin = { at: portal.clock.now(), by: CALCULATION };
  portal.table('contacts').writeSilently(contact, values, indexFrom, origin);
}
