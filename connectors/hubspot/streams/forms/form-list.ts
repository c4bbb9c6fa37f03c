// Lists the forms of a portal. Every poll lists them first, for one call, so that it includes new
// forms.
import type { z } from 'zod';
import { pageTokens } from '../../../kit/page-tokens.ts';
import { formsSchema } from '../../http/responses/activities.ts';
import type { UnexpectedItem } from '../../http/responses/id-and-paging.ts';
import type { HubSpotParts } from '../../parts.ts';

export interface Form {
  readonly id: string;
  readonly name: string;
}

export interface FormList {
  /** Sorted by ID. */
  readonly forms: readonly Form[];
  /** Forms of an unexpected shape. */
  readonly unexpected: readonly UnexpectedItem[];
}

const WHAT = 'listing forms';

/** @throws ConnectorError of any kind */
export async function listForms({ http }: Pick<HubSpotParts, 'http'>, signal: AbortSignal): Promise<FormList> {
  const forms: Form[] = [];
  const unexpected: UnexpectedItem[] = [];
  const checkToken = pageTokens('hubspot', WHAT);
  let after: string | null = null;
  do {
    const query: Record<string, string> = { limit: '100', formTypes: 'all', ...(after === null ? {} : { after }) };
    const response: z.infer<typeof formsSchema> = await http.call(
      { what: WHAT, path: http.paths.forms, query, responseSchema: formsSchema },
      signal,
    );
    forms.push(...response.results.valid.map(({ id, name }) => ({ id, name: name ?? '' })));
    unexpected.push(...response.results.unexpected);
    after = checkToken(response.paging);
  } while (after !== null);
  return { forms: forms.toSorted((a, b) => (a.id < b.id ? -1 : 1)), unexpected };
}
