// Deals as outcomes of their contacts. Deals are read by ID: a portal has too many stage dates for
// the URL of a list or the 3,000 characters of a search.

import type { SourcedDealOutcome } from '../../../src/crm/connector.ts';
import type { DealOutcome } from '../../../src/domain/outcome.ts';
import { isUnreadableDate, toInstant } from '../../../src/mapping/values/instants.ts';
import { badDate } from '../../kit/stream-parts.ts';
import type { HubSpotHttp } from '../http/client.ts';
import type { HubSpotObject } from '../http/responses/objects.ts';
import { batchRead, type ReadFailures } from '../objects/batch-read.ts';
import type { PipelineStages, StageReader } from '../objects/pipeline-stages.ts';
import { contactRef } from './contact-mapping.ts';

/** Read in addition to the dates of the stages. */
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
  /** Contact IDs by the ID of the deal. A deal without contacts is not read. */
  readonly contactsOf: ReadonlyMap<string, readonly string[]>;
}

export interface ReadDeals {
  readonly outcomes: readonly SourcedDealOutcome[];
  /** The deals that could not be read, or of which a date could not be read, by ID. */
  readonly failed: ReadFailures;
}

/** Returns each deal once per contact. A deal that was deleted meanwhile is left out. */
export async function readDeals({ http, readStages, contactsOf }: Deals, signal: AbortSignal): Promise<ReadDeals> {
  const ids = [...contactsOf].flatMap(([id, contacts]) => (contacts.length === 0 ? [] : [id]));
  if (ids.length === 0) return { outcomes: [], failed: new Map() };
  const stages = await readStages(new Set(), signal);
  const deals = await readWith(http, stages, ids, signal);
  const current = await readStages(new Set(deals.records.map(stageOf).filter((stage) => stage !== null)), signal);
  // The first read did not include the date of a stage that was added since.
  const inNewStage = deals.records.filter(
    (deal) => !stages.has(stageOf(deal) ?? '') && current.has(stageOf(deal) ?? ''),
  );
  const newStageIds = inNewStage.map(({ id }) => id);
  const reread = await readWith(http, current, newStageIds, signal);
  const latest = new Map([...deals.records, ...reread.records].map((deal) => [deal.id, deal]));
  const undated = [...latest.values()].flatMap((deal) => {
    const property = unreadableDate(deal, current);
    return property === undefined ? [] : [[deal.id, badDate('hubspot', property)] as const];
  });
  const outcomes = [...latest.values()].flatMap((deal) => {
    const outcome = toOutcome(deal, current);
    return (contactsOf.get(deal.id) ?? []).map((contact) => ({ ...outcome, ref: contactRef(contact) }));
  });
  return { outcomes, failed: new Map([...deals.failed, ...undated]) };
}

function readWith(http: HubSpotHttp, stages: PipelineStages, ids: readonly string[], signal: AbortSignal) {
  const dates = [...stages.values()].flatMap(({ enteredProperty }) => enteredProperty ?? []);
  return batchRead(http, { type: 'deals', ids, properties: [...DEAL_PROPERTIES, ...dates] }, signal);
}

function stageOf({ properties }: HubSpotObject): string | null {
  return properties.dealstage ?? null;
}

function toOutcome({ id: dealId, properties }: HubSpotObject, stages: PipelineStages): DealOutcome {
  const stage = properties.dealstage ?? null;
  // The deal itself still has the state of a stage that was removed from its pipeline.
  const ownState =
    properties.hs_is_closed !== 'true' ? 'open' : properties.hs_is_closed_won === 'true' ? 'won' : 'lost';
  const state = stages.get(stage ?? '')?.state ?? ownState;
  const entered = [...stages].flatMap(([id, { enteredProperty }]) => {
    const enteredAt = enteredProperty === null ? null : parseInstant(properties[enteredProperty]);
    return enteredAt === null ? [] : [{ stage: id, enteredAt }];
  });
  return {
    id: outcomeId(dealId),
    source: 'deals',
    pipeline: properties.pipeline ?? null,
    stage,
    state,
    amount: parseNumber(properties.amount),
    currency: properties.deal_currency_code || null,
    createdAt: parseInstant(properties.createdate),
    // The close date of an open deal is only expected.
    closedAt: state === 'open' ? null : parseInstant(properties.closedate),
    stages: entered.toSorted((a, b) => a.enteredAt - b.enteredAt),
  };
}

/** The property of a date of the outcome that cannot be read; the outcome is without that date. */
function unreadableDate(deal: HubSpotObject, stages: PipelineStages): string | undefined {
  const entered = [...stages.values()].flatMap(({ enteredProperty }) => enteredProperty ?? []);
  const closed = toOutcome(deal, stages).state === 'open' ? [] : ['closedate'];
  return ['createdate', ...closed, ...entered].find((name) => {
    const raw = deal.properties[name] ?? '';
    return raw !== '' && isUnreadableDate(raw);
  });
}

function parseInstant(raw: string | null | undefined): number | null {
  return raw === null || raw === undefined || raw === '' ? null : toInstant(raw);
}

function parseNumber(raw: string | null | undefined): number | null {
  const number = Number(raw || Number.NaN);
  return Number.isFinite(number) ? number : null;
}
