// Reads items that a webhook named, by their IDs: the search does not return the latest changes
// yet, and never returns deleted items. 100 items cost two or three calls.
import type { FailedPart, StreamItems } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { outcomeId } from '../contacts/deals.ts';
import { activityId, ENGAGEMENTS, engagementProperties, toContactActivities } from '../contacts/engagements.ts';
import { batchRead } from '../objects/batch-read.ts';
import { type ContactsOf, linkedContacts } from '../objects/linked-contacts.ts';
import { createStageReader } from '../objects/pipeline-stages.ts';
import type { HubSpotParts } from '../parts.ts';
import { changedDeals } from './changed-deals.ts';
import { contactsOfCompanies } from './company-stream.ts';
import { failedObjects } from './object-parts.ts';

/** Items of the stream are objects, which HubSpot reads by ID. */
export function isReadableById(stream: string): boolean {
  return Object.hasOwn(ENGAGEMENTS, stream) || stream === 'deals' || stream === 'companies';
}

/** `failed`: the items that could not be read. */
export type ItemsById = StreamItems & { readonly failed: readonly FailedPart[] };

const NO_ITEMS: ItemsById = { dirty: [], activities: [], gone: [], outcomes: [], failed: [] };

/**
 * Returns the items in the form that `listChanges` gives them. `complete` lists the engagements and
 * deals that are returned for all contacts that they belong to.
 * @throws ConnectorError `invalid` for a stream whose items HubSpot does not read by ID
 */
export async function readItems(
  parts: HubSpotParts,
  stream: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ItemsById> {
  const wanted = [...new Set(ids)];
  if (wanted.length === 0) return NO_ITEMS;
  if (Object.hasOwn(ENGAGEMENTS, stream)) return readEngagements(parts, stream, wanted, signal);
  if (stream === 'deals') return readDealItems(parts, wanted, signal);
  if (stream === 'companies') return { ...NO_ITEMS, ...(await contactsOfCompanies(parts.http, wanted, signal)) };
  const message = `HubSpot does not read items of the stream "${stream}" by ID`;
  throw new ConnectorError({ kind: 'invalid', crm: 'hubspot', message, code: 'UNKNOWN_STREAM' });
}

async function readEngagements(
  parts: HubSpotParts,
  type: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ItemsById> {
  const { of: contactsOf, failed: linksFailed } = await linkedContacts(parts.http, type, ids, signal);
  const linked = ids.filter((id) => isLinked(contactsOf, id));
  const request = { type, ids: linked, properties: engagementProperties(parts.mapping, type) };
  const { records, missing, failed } = await batchRead(parts.http, request, signal);
  const items = records.map((object) => ({ object, contacts: contactsOf.get(object.id) ?? [] }));
  const { undated, ...content } = toContactActivities(parts, type, items);
  // An engagement that has contacts but is neither returned nor reported as missing stays
  // unchanged: the nightly comparison decides. So does one whose date cannot be read.
  const returned = new Set(records.map(({ id }) => id).filter((id) => !undated.has(id)));
  const known = ids.filter((id) => returned.has(id) || missing.has(id) || hasNoLinks(contactsOf, id));
  return {
    ...NO_ITEMS,
    ...content,
    complete: { activities: known.map((id) => activityId(type, id)), outcomes: [] },
    failed: failedObjects(ENGAGEMENTS[type] ?? type, new Map([...linksFailed, ...failed, ...undated])),
  };
}

async function readDealItems(parts: HubSpotParts, ids: readonly string[], signal: AbortSignal): Promise<ItemsById> {
  const { http } = parts;
  const contacts = await linkedContacts(http, 'deals', ids, signal);
  const changes = await changedDeals(parts, { readStages: createStageReader(http), contacts }, signal);
  const returned = new Set(changes.outcomes.map(({ id }) => id));
  // As above: a deal that has contacts and was not returned is not proven to be gone.
  const known = ids.filter((id) => returned.has(outcomeId(id)) || hasNoLinks(contacts.of, id));
  return { ...NO_ITEMS, ...changes, complete: { activities: [], outcomes: known.map(outcomeId) } };
}

function isLinked(contactsOf: ContactsOf, id: string): boolean {
  return (contactsOf.get(id) ?? []).length > 0;
}

/** Its links were read, and it has none. */
function hasNoLinks(contactsOf: ContactsOf, id: string): boolean {
  return contactsOf.get(id)?.length === 0;
}
