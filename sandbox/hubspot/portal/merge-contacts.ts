// Merges one contact into another: the primary inherits links, visits, memberships and missing
// values; counters are added up.

import type { CrmRecord } from '../records/record-table.ts';
import { COUNTER_PROPERTIES } from './counter-properties.ts';
import type { Portal } from './portal.ts';

/** @param counters `later`: HubSpot's counters stay unchanged until the control API sets them */
export function mergeContacts(
  portal: Portal,
  primary: CrmRecord,
  merged: CrmRecord,
  counters: 'added' | 'later',
): void {
  const values = new Map([...merged.properties].filter(([name]) => !primary.properties.has(name)));
  const moved = values.size;
  const before = primary.properties.get('hs_merged_object_ids');
  values.set('hs_merged_object_ids', before === undefined ? merged.id : `${before};${merged.id}`);
  for (const name of COUNTER_PROPERTIES) {
    values.delete(name);
    if (counters === 'later') continue;
    const counts = [primary, merged].map(({ properties }) => Number(properties.get(name) ?? 0));
    const sum = counts.reduce((total, each) => total + each, 0);
    if (sum > 0) values.set(name, String(sum));
  }
  portal.mergeContact(primary, merged, moved);
  portal.write('contacts', primary, values, { source: 'MERGE_CONTACTS', sourceId: '' });
  portal.links.move('contacts', merged.id, primary.id);
  for (const visit of portal.visits.all()) if (visit.contactId === merged.id) visit.contactId = primary.id;
  portal.lists.merge(primary.id, merged.id);
  portal.marketingEvents.merge(primary.id, merged.id);
}
