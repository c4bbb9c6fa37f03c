// Lists the IDs of all contacts by pages. Used to find deleted records.
import type { RecordListing } from '../../../src/crm/connector.ts';
import { listPage } from '../objects/object-reads.ts';
import type { HubSpotParts } from '../parts.ts';
import { contactRef } from './contact-mapping.ts';

/** @param after the start of the page; null = the first page */
export async function listAllRecords(
  { http }: Pick<HubSpotParts, 'http'>,
  after: string | null,
  signal: AbortSignal,
): Promise<RecordListing> {
  const page = await listPage(http, { type: 'contacts', properties: ['hs_object_id'], after }, signal);
  return { refs: page.records.map(({ id }) => contactRef(id)), after: page.after };
}
