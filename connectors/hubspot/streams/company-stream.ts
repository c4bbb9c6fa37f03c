// The companies: a change makes the company's contacts dirty. The first pull has nothing to show: all contacts are read
// with their companies anyway.

import type { DirtyRecord } from '../../../src/crm/connector.ts';
import { emptyPage } from '../../kit/change-pages.ts';
import { contactRef } from '../contacts/contact-mapping.ts';
import type { HubSpotHttp } from '../http/client.ts';
import { STREAM_SCOPES } from '../http/scopes.ts';
import { readLinks } from '../objects/object-reads.ts';
import { searchChanges, searchCursorSchema, searchFrom } from '../objects/search-changes.ts';
import { type HubSpotParts, parseCursor, type StreamReader, scopeFix } from './stream.ts';

export function companyStream(parts: HubSpotParts): StreamReader {
  const { http, clock } = parts;
  const searched = { type: 'companies', modifiedProperty: 'hs_lastmodifieddate', properties: [] };
  return {
    stream: { id: 'companies', activityTypes: [], isCompanies: true },
    access: {
      probe: { path: http.paths.list('companies'), query: { limit: '1' } },
      fix: scopeFix(STREAM_SCOPES.companies),
      // The stream is there only where the mapping uses companies, and then every contact is read with its company.
      otherwise:
        'Or remove the fields from companies in the mapping. Until then no contact can be read: each is read with its company.',
      needed: true,
    },
    async *read(cursor, signal) {
      if (cursor === null) {
        yield emptyPage(searchFrom(clock.now()), false);
        return;
      }
      const state = parseCursor(searchCursorSchema, 'companies', cursor);
      for await (const found of searchChanges(http, searched, state, () => clock.now(), signal)) {
        const ids = found.records.map((company) => company.id);
        yield { ...emptyPage(found.cursor, false), dirty: await contactsOfCompanies(http, ids, signal) };
      }
    },
  };
}

/** What these companies are to their contacts is read with the contacts. */
export async function contactsOfCompanies(
  http: HubSpotHttp,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<readonly DirtyRecord[]> {
  const links = await readLinks(http, { from: 'companies', to: 'contacts', ids }, signal);
  const contacts = new Set([...links.values()].flat().map((link) => link.id));
  return [...contacts].map((id) => ({ ref: contactRef(id) }));
}
