// Lists the forms of a portal. Every poll lists them first, for one call, so that it includes new
// forms.
import type { z } from 'zod';
import { formsSchema } from '../../http/responses/activities.ts';
import type { HubSpotParts } from '../../parts.ts';

export interface Form {
  readonly id: string;
  readonly name: string;
}

/** Sorted by ID. @throws ConnectorError of any kind */
export async function listForms({ http }: Pick<HubSpotParts, 'http'>, signal: AbortSignal): Promise<readonly Form[]> {
  const forms: Form[] = [];
  let after: string | null = null;
  do {
    const query: Record<string, string> = { limit: '100', formTypes: 'all', ...(after === null ? {} : { after }) };
    const response: z.infer<typeof formsSchema> = await http.call(
      { what: 'listing forms', path: http.paths.forms, query, responseSchema: formsSchema },
      signal,
    );
    forms.push(...response.results.map(({ id, name }) => ({ id, name: name ?? '' })));
    after = response.paging;
  } while (after !== null);
  return forms.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
