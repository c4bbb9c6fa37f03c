// The companies: a changed company makes its contacts dirty. The full sync yields nothing, because
// the full sync of contacts reads their companies anyway.

import type { ChangePage } from '../../../src/crm/connector.ts';
import { emptyPage } from '../../kit/change-pages.ts';
import { contactRef } from '../contacts/contact-mapping.ts';
import type { HubSpotHttp } from '../http/client.ts';
import { STREAM_SCOPES } from '../http/scopes.ts';
import { readLinks } from '../objects/links.ts';
import { searchChanges } from '../objects/search-changes.ts';
import { searchCursorSchema, searchFrom } from '../objects/search-cursor.ts';
import type { HubSpotParts } from '../parts.ts';
import { failedObjects, joinContent, readDue, readUnexpected } from './object-parts.ts';
import { parseCursor, type StreamReader, scopeFix } from './stream-reader.ts';

const KIND = 'company';

export function companyStream({ http, clock }: HubSpotParts): StreamReader {
  const searched = { type: 'companies', modifiedProperty: 'hs_lastmodifieddate', properties: [] };
  return {
    stream: { id: 'companies', activityTypes: [], isCompanies: true },
    access: {
      probe: { path: http.paths.list('companies'), query: { limit: '1' } },
      fix: scopeFix(STREAM_SCOPES.companies),
      // The stream exists only if the mapping uses companies, and then every contact is read with
      // its company.
      alternative:
        'Or remove the fields of companies from the mapping. Until then no contact can be read, because each is read with its company.',
      isRequired: true,
    },
    async *read(cursor, signal, setAside) {
      if (cursor === null) {
        yield emptyPage(searchFrom(clock.now()), false);
        return;
      }
      const state = parseCursor(searchCursorSchema, 'companies', cursor);
      const source = { kind: KIND, readByIds: (ids: readonly string[]) => contactsOfCompanies(http, ids, signal) };
      const due = await readDue(source, setAside, signal);
      if (due !== null) yield { ...emptyPage(state, false), ...due };
      for await (const found of searchChanges(http, searched, state, () => clock.now(), signal)) {
        const content = await source.readByIds(found.records.map((company) => company.id));
        // Of a company only the ID is used.
        const unexpected = await readUnexpected(source, found.unexpected, setAside, signal);
        yield { ...emptyPage(found.cursor, false), ...joinContent(content, unexpected) };
      }
    },
  };
}

/**
 * The contacts of the companies as dirty records; the companies themselves are read with the
 * contacts.
 */
export async function contactsOfCompanies(
  http: HubSpotHttp,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Required<Pick<ChangePage, 'dirty' | 'failed'>>> {
  const links = await readLinks(http, { from: 'companies', to: 'contacts', ids }, signal);
  const contacts = new Set([...links.of.values()].flat().map((link) => link.id));
  return { dirty: [...contacts].map((id) => ({ ref: contactRef(id) })), failed: failedObjects(KIND, links.failed) };
}
