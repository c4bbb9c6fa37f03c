// Items that a webhook named, read now by their ids: the search does not show yet what has just changed, and never what was
// deleted. A hundred items cost two or three calls.
import type { StreamItems } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { outcomeId } from '../contacts/deals.ts';
import { activityId, ENGAGEMENTS, engagementProperties, toContactActivities } from '../contacts/engagements.ts';
import { batchRead } from '../objects/batch-read.ts';
import { linkedContacts } from '../objects/linked-contacts.ts';
import { createStageReader } from '../objects/pipeline-stages.ts';
import { contactsOfCompanies } from './company-stream.ts';
import { changedDeals } from './deal-stream.ts';
import type { HubSpotParts } from './stream.ts';

/** Whether items of the stream are objects with ids that HubSpot reads by. */
export function isReadById(stream: string): boolean {
  return Object.hasOwn(ENGAGEMENTS, stream) || stream === 'deals' || stream === 'companies';
}

const NOTHING: StreamItems = { dirty: [], activities: [], gone: [], outcomes: [] };

/**
 * What `listChanges` of the stream would show of these items; of engagements and deals `complete` says which are shown on
 * everybody that they belong to.
 * @throws ConnectorError `invalid` when the items of the stream have no ids that HubSpot reads by
 */
export async function readItems(
  parts: HubSpotParts,
  stream: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<StreamItems> {
  const wanted = [...new Set(ids)];
  if (wanted.length === 0) return NOTHING;
  if (Object.hasOwn(ENGAGEMENTS, stream)) return readEngagements(parts, stream, wanted, signal);
  if (stream === 'deals') return readDealItems(parts, wanted, signal);
  if (stream === 'companies') return { ...NOTHING, dirty: await contactsOfCompanies(parts.http, wanted, signal) };
  const message = `HubSpot reads no items of the stream "${stream}" by their ids`;
  throw new ConnectorError({ kind: 'invalid', crm: 'hubspot', message, code: 'UNKNOWN_STREAM' });
}

async function readEngagements(
  parts: HubSpotParts,
  type: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<StreamItems> {
  const contactsOf = await linkedContacts(parts.http, type, ids, signal);
  const linked = ids.filter((id) => isLinked(contactsOf, id));
  const request = { type, ids: linked, properties: engagementProperties(parts.mapping, type) };
  const { records, missing } = await batchRead(parts.http, request, signal);
  const items = records.map((object) => ({ object, contacts: contactsOf.get(object.id) ?? [] }));
  // One that HubSpot says nothing of, though it has contacts, is neither there nor gone: the nightly comparison finds out.
  const shown = new Set(records.map(({ id }) => id));
  const told = ids.filter((id) => shown.has(id) || missing.has(id) || !isLinked(contactsOf, id));
  const complete = { activities: told.map((id) => activityId(type, id)), outcomes: [] };
  return { ...NOTHING, ...toContactActivities(parts, type, items), complete };
}

async function readDealItems(parts: HubSpotParts, ids: readonly string[], signal: AbortSignal): Promise<StreamItems> {
  const { http } = parts;
  const contactsOf = await linkedContacts(http, 'deals', ids, signal);
  const changes = await changedDeals(parts, { readStages: createStageReader(http), contactsOf }, signal);
  const shown = new Set(changes.outcomes.map(({ id }) => id));
  // As above: a deal that has contacts and was not answered is no proof that it is gone.
  const told = ids.filter((id) => shown.has(outcomeId(id)) || !isLinked(contactsOf, id));
  return { ...NOTHING, ...changes, complete: { activities: [], outcomes: told.map(outcomeId) } };
}

function isLinked(contactsOf: ReadonlyMap<string, readonly string[]>, id: string): boolean {
  return (contactsOf.get(id) ?? []).length > 0;
}
