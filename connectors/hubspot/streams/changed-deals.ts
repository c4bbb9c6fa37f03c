// Changed deals: their outcomes, and the contacts whose properties HubSpot calculates from them.
import type { ChangePage } from '../../../src/crm/connector.ts';
import { mappedProperties } from '../../../src/mapping/project-fields.ts';
import { contactRef } from '../contacts/contact-mapping.ts';
import { readDeals } from '../contacts/deals.ts';
import type { LinkedContacts } from '../objects/linked-contacts.ts';
import type { StageReader } from '../objects/pipeline-stages.ts';
import type { HubSpotParts } from '../parts.ts';
import { failedObjects } from './object-parts.ts';

// The contact properties that HubSpot calculates from deals. It is not documented that they change
// the contact's modification time.
const CALCULATED_FROM_DEALS: ReadonlySet<string> = new Set([
  ...['num_associated_deals', 'recent_deal_amount', 'recent_deal_close_date', 'total_revenue'],
]);

/**
 * The deals as outcomes; also their contacts as dirty, if the mapping reads properties calculated
 * from deals.
 */
export async function changedDeals(
  { http, mapping }: Pick<HubSpotParts, 'http' | 'mapping'>,
  { readStages, contacts }: { readonly readStages: StageReader; readonly contacts: LinkedContacts },
  signal: AbortSignal,
): Promise<Required<Pick<ChangePage, 'outcomes' | 'dirty' | 'failed'>>> {
  const { outcomes, failed } = await readDeals({ http, readStages, contactsOf: contacts.of }, signal);
  const readsCalculated = mappedProperties(mapping, 'contacts').some((name) => CALCULATED_FROM_DEALS.has(name));
  const ids = readsCalculated ? new Set([...contacts.of.values()].flat()) : [];
  return {
    outcomes,
    dirty: [...ids].map((id) => ({ ref: contactRef(id) })),
    failed: failedObjects('deal', new Map([...contacts.failed, ...failed])),
  };
}
