// The forms of a portal. They are listed before each reading: it is one call, and a form that was made a moment ago is there.
import type { z } from 'zod';
import { formsAnswer } from '../../http/responses.ts';
import type { HubSpotParts } from '../stream.ts';

export interface Form {
  readonly id: string;
  readonly name: string;
}

/** By id. @throws ConnectorError */
export async function listForms({ http }: Pick<HubSpotParts, 'http'>, signal: AbortSignal): Promise<readonly Form[]> {
  const forms: Form[] = [];
  let after: string | null = null;
  do {
    const query: Record<string, string> = { limit: '100', formTypes: 'all', ...(after === null ? {} : { after }) };
    const answer: z.infer<typeof formsAnswer> = await http.call(
      { what: 'listing forms', path: http.paths.forms, query, answer: formsAnswer },
      signal,
    );
    forms.push(...answer.results.map(({ id, name }) => ({ id, name: name ?? '' })));
    after = answer.paging;
  } while (after !== null);
  return forms.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
