// Lists the IDs of all contacts by pages, with the IDs of those that were merged into them. Used to
// find deleted records.
import type { RecordListing } from '../../../src/crm/connector.ts';
import { listPage } from '../objects/object-reads.ts';
import type { HubSpotParts } from '../parts.ts';
import { contactRef, MERGED_IDS, mergedIds } from './contact-mapping.ts';

/** @param after the start of the page; null = the first page */
export async function listAllRecords(
  { http }: Pick<HubSpotParts, 'http'>,
  after: string | null,
  signal: AbortSignal,
): Promise<RecordListing> {
  const page = await listPage(http, { type: 'contacts', properties: ['hs_object_id', MERGED_IDS], after }, signal);
  // Only the survivor of a merge names the contacts that it was made of: their own IDs may no
  // longer exist.
  const merged = page.records.flatMap((record) => {
    const others = mergedIds(record).filter((id) => id !== record.id);
    return others.map((id) => ({ ref: contactRef(id), into: contactRef(record.id) }));
  });
  // A contact of an unexpected shape exists all the same.
  const unexpected = page.unexpected.flatMap(({ id }) => (id === null ? [] : [contactRef(id)]));
  return { refs: [...page.records.map(({ id }) => contactRef(id)), ...unexpected], merged, after: page.after };
}
