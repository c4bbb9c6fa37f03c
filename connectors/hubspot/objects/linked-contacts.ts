// The contacts that objects of another type are linked to: as a list shows them, or by batch.

import type { HubSpotHttp } from '../http/client.ts';
import type { HubSpotObject } from '../http/responses.ts';
import { readLinks } from './object-reads.ts';

/** By the object's id; each contact once. */
export type ContactsOf = ReadonlyMap<string, readonly string[]>;

/** Of objects listed with `associations=contacts`. A list shows the first hundred links (a webinar has more): the others are asked for. */
export async function listedContacts(
  http: HubSpotHttp,
  type: string,
  records: readonly HubSpotObject[],
  signal: AbortSignal,
): Promise<ContactsOf> {
  const cut = records.filter(({ associations }) => associations?.contacts?.paging).map(({ id }) => id);
  const all = await linkedContacts(http, type, cut, signal);
  return new Map(
    records.map(({ id, associations }) => {
      const listed = (associations?.contacts?.results ?? []).map((link) => link.id);
      return [id, cut.includes(id) ? (all.get(id) ?? []) : [...new Set(listed)]];
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
