// Merges contacts: the survivor inherits links, visits, memberships, addresses and missing values;
// counters are added up.

import { changeSourceOf } from '../records/change-source.ts';
import type { CrmRecord, Properties } from '../records/record-table.ts';
import { COUNTER_PROPERTIES } from './counter-properties.ts';
import type { Portal } from './portal.ts';

const MERGED_IDS = 'hs_merged_object_ids';
const SECONDARY = 'hs_additional_emails';

/** @param counters `later`: HubSpot's counters stay unchanged until the control API sets them */
export function mergeContacts(
  portal: Portal,
  primary: CrmRecord,
  merged: CrmRecord,
  counters: 'added' | 'later',
): CrmRecord {
  const values = inherited(primary, merged, counters);
  const before = primary.properties.get(MERGED_IDS);
  const moved = [...merged.properties.keys()].filter((name) => !primary.properties.has(name)).length;
  values.set(MERGED_IDS, before === undefined ? merged.id : `${before};${merged.id}`);
  portal.mergeContact(primary, merged, moved);
  const survivor = portal.write('contacts', primary, values, changeSourceOf('MERGE_CONTACTS'));
  moveActivity(portal, merged.id, survivor.id);
  return survivor;
}

/** As `mergeContacts`, into a new contact. */
export function mergeContactsIntoNew(portal: Portal, primary: CrmRecord, merged: CrmRecord): CrmRecord {
  const values = new Map([...primary.properties, ...inherited(primary, merged, 'added')]);
  for (const name of ['hs_object_id', 'createdate', 'lastmodifieddate']) values.delete(name);
  const earlier = [primary, merged].flatMap(({ properties }) => properties.get(MERGED_IDS) ?? []);
  values.set(MERGED_IDS, [...earlier, primary.id, merged.id].join(';'));
  const survivor = portal.mergeContactsIntoNew(primary, merged, values, merged.properties.size);
  for (const { id } of [primary, merged]) moveActivity(portal, id, survivor.id);
  return survivor;
}

/** What the primary contact gets from the merged one. */
function inherited(primary: CrmRecord, merged: CrmRecord, counters: 'added' | 'later'): Map<string, string> {
  const values = new Map([...merged.properties].filter(([name]) => !primary.properties.has(name)));
  for (const name of COUNTER_PROPERTIES) {
    values.delete(name);
    if (counters === 'later') continue;
    const counts = [primary, merged].map(({ properties }) => Number(properties.get(name) ?? 0));
    const sum = counts.reduce((total, each) => total + each, 0);
    if (sum > 0) values.set(name, String(sum));
  }
  const secondary = secondaryAddresses(primary.properties, merged.properties);
  if (secondary.length > 0) values.set(SECONDARY, secondary.join(';'));
  return values;
}

/** https://knowledge.hubspot.com/records/merge-records: the other address becomes a secondary one. */
function secondaryAddresses(primary: Properties, merged: Properties): readonly string[] {
  const own = primary.get('email') ?? merged.get('email');
  const all = [primary.get(SECONDARY), merged.get('email'), merged.get(SECONDARY)].flatMap((value) =>
    value?.split(';'),
  );
  return [...new Set(all)].filter((address) => address !== undefined).filter((address) => address !== own);
}

function moveActivity(portal: Portal, fromId: string, toId: string): void {
  portal.links.move('contacts', fromId, toId);
  for (const visit of portal.visits.all()) if (visit.contactId === fromId) visit.contactId = toId;
  portal.lists.merge(toId, fromId);
  portal.marketingEvents.merge(toId, fromId);
}
