// The contacts that objects of another type are linked to: from a list response, or by a batch
// read.

import type { HubSpotHttp } from '../http/client.ts';
import type { HubSpotObject } from '../http/responses/objects.ts';
import type { ReadFailures } from './batch-read.ts';
import { readLinks } from './links.ts';

/** Distinct contact IDs by the ID of the object. */
export type ContactsOf = ReadonlyMap<string, readonly string[]>;

export interface LinkedContacts {
  readonly of: ContactsOf;
  /** The objects whose contacts could not be read, by ID; they are absent in `of`. */
  readonly failed: ReadFailures;
}

/**
 * The contacts of objects that were listed with `associations=contacts`. A list returns the first
 * 100 links; for an object with more (a webinar) all links are read.
 */
export async function listedContacts(
  http: HubSpotHttp,
  type: string,
  records: readonly HubSpotObject[],
  signal: AbortSignal,
): Promise<LinkedContacts> {
  const truncated = records.filter(({ associations }) => associations?.contacts?.paging).map(({ id }) => id);
  const all = await linkedContacts(http, type, truncated, signal);
  const listed = records
    .filter(({ id }) => !truncated.includes(id))
    .map(({ id, associations }) => {
      const links = (associations?.contacts?.results ?? []).map((link) => link.id);
      return [id, [...new Set(links)]] as const;
    });
  return { of: new Map([...listed, ...all.of]), failed: all.failed };
}

export async function linkedContacts(
  http: HubSpotHttp,
  type: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<LinkedContacts> {
  const { of, failed } = await readLinks(http, { from: type, to: 'contacts', ids }, signal);
  const read = ids.filter((id) => !failed.has(id));
  return { of: new Map(read.map((id) => [id, [...new Set((of.get(id) ?? []).map((link) => link.id))]])), failed };
}
