// Deals as outcomes of their contacts. Read by id: the dates of a portal's stages are too many properties for the address of a
// list or the 3,000 characters of a search.

import type { SourcedDealOutcome } from '../../../src/crm/connector.ts';
import type { DealOutcome } from '../../../src/domain/outcome.ts';
import { toInstant } from '../../../src/mapping/convert-value.ts';
import type { HubSpotHttp } from '../http/client.ts';
import type { HubSpotObject } from '../http/responses.ts';
import { batchRead } from '../objects/batch-read.ts';
import { dateEntered, type PipelineStages, type StageReader } from '../objects/pipeline-stages.ts';
import { contactRef } from './contact-mapping.ts';

/** Beside the dates of the stages. */
export const DEAL_PROPERTIES: readonly string[] = [
  ...['amount', 'deal_currency_code', 'closedate', 'createdate', 'dealstage', 'pipeline'],
  ...['hs_is_closed', 'hs_is_closed_won'],
];

export function outcomeId(dealId: string): string {
  return `deal:${dealId}`;
}

interface Deals {
  readonly http: HubSpotHttp;
  readonly readStages: StageReader;
  /** The deals to read, each with its contacts; one without any is nobody's outcome. */
  readonly contactsOf: ReadonlyMap<string, readonly string[]>;
}

/** Each deal for each of its contacts. One that was deleted meanwhile is left out. */
export async function readDeals(
  { http, readStages, contactsOf }: Deals,
  signal: AbortSignal,
): Promise<readonly SourcedDealOutcome[]> {
  const ids = [...contactsOf].flatMap(([id, contacts]) => (contacts.length === 0 ? [] : [id]));
  if (ids.length === 0) return [];
  const stages = await readStages(new Set(), signal);
  const deals = await readWith(http, stages, ids, signal);
  const now = await readStages(new Set(deals.map(stageOf).filter((stage) => stage !== null)), signal);
  // A stage that was added since brings a date of its own, which was not asked for.
  const late = deals.filter((deal) => !stages.has(stageOf(deal) ?? '') && now.has(stageOf(deal) ?? ''));
  const again = await readWith(
    http,
    now,
    late.map(({ id }) => id),
    signal,
  );
  const latest = new Map([...deals, ...again].map((deal) => [deal.id, deal]));
  return [...latest.values()].flatMap((deal) => {
    const outcome = toOutcome(deal, now);
    return (contactsOf.get(deal.id) ?? []).map((contact) => ({ ...outcome, ref: contactRef(contact) }));
  });
}

async function readWith(
  http: HubSpotHttp,
  stages: PipelineStages,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<readonly HubSpotObject[]> {
  const properties = [...DEAL_PROPERTIES, ...[...stages.keys()].map(dateEntered)];
  return (await batchRead(http, { type: 'deals', ids, properties }, signal)).records;
}

function stageOf({ properties }: HubSpotObject): string | null {
  return properties.dealstage ?? null;
}

function toOutcome({ id, properties }: HubSpotObject, stages: PipelineStages): DealOutcome {
  const stage = properties.dealstage ?? null;
  // Of a stage that no pipeline has any more, the deal itself still says what it was.
  const said = properties.hs_is_closed !== 'true' ? 'open' : properties.hs_is_closed_won === 'true' ? 'won' : 'lost';
  const state = stages.get(stage ?? '') ?? said;
  const entered = [...stages.keys()].flatMap((each) => {
    const enteredAt = instantIn(properties[dateEntered(each)]);
    return enteredAt === null ? [] : [{ stage: each, enteredAt }];
  });
  return {
    id: outcomeId(id),
    source: 'deals',
    pipeline: properties.pipeline ?? null,
    stage,
    state,
    amount: numberIn(properties.amount),
    currency: properties.deal_currency_code || null,
    createdAt: instantIn(properties.createdate),
    // The close date of an open deal is a hope.
    closedAt: state === 'open' ? null : instantIn(properties.closedate),
    stages: entered.toSorted((a, b) => a.enteredAt - b.enteredAt),
  };
}

function instantIn(raw: string | null | undefined): number | null {
  return raw === null || raw === undefined || raw === '' ? null : toInstant(raw);
}

function numberIn(raw: string | null | undefined): number | null {
  const number = Number(raw || Number.NaN);
  return Number.isFinite(number) ? number : null;
}
