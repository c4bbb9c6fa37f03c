// The contacts that objects of another type are linked to: from a list response, or by a batch
// read.

import type { HubSpotHttp } from '../http/client.ts';
import type { HubSpotObject } from '../http/responses/objects.ts';
import { readLinks } from './object-reads.ts';

/** Distinct contact IDs by the ID of the object. */
export type ContactsOf = ReadonlyMap<string, readonly string[]>;

/**
 * The contacts of objects that were listed with `associations=contacts`. A list returns the first
 * 100 links; for an object with more (a webinar) all links are read.
 */
export async function listedContacts(
  http: HubSpotHttp,
  type: string,
  records: readonly HubSpotObject[],
  signal: AbortSignal,
): Promise<ContactsOf> {
  const truncated = records.filter(({ associations }) => associations?.contacts?.paging).map(({ id }) => id);
  const all = await linkedContacts(http, type, truncated, signal);
  return new Map(
    records.map(({ id, associations }) => {
      const listed = (associations?.contacts?.results ?? []).map((link) => link.id);
      return [id, truncated.includes(id) ? (all.get(id) ?? []) : [...new Set(listed)]];
    }),
  );
}

export async function linkedContacts(
  http: HubSpotHttp,
  type: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ContactsOf> {
  const links = await readLinks(http, { from: type, to: 'contacts', ids }, signal);
  return new Map(ids.map((id) => [id, [...new Set((links.get(id) ?? []).map((link) => link.id))]]));
}
