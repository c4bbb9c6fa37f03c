// The forms of a portal, remembered for a moment: submissions are asked for every few seconds, and forms are seldom made.
import type { z } from 'zod';
import { ConnectorError } from '../connector-error.ts';
import { formsAnswer } from './answers.ts';
import type { HubSpotParts } from './stream.ts';

// A form that is made meanwhile is read from its first submission on, and its name is asked for again before it is old.
const KEPT_MS = 120_000;

export interface Form {
  readonly id: string;
  readonly name: string;
}

export interface FormList {
  readonly forms: readonly Form[];
  /** The pages of a form; of one that was deleted since the forms were listed there is nothing more, and the others go on. */
  whileThere<T>(pages: AsyncIterable<T>): AsyncIterable<T>;
}

export interface FormLister {
  /** @param fresh whether they must be listed now */
  list(fresh: boolean, signal: AbortSignal): Promise<FormList>;
}

export function createFormLister(parts: Pick<HubSpotParts, 'http' | 'clock'>): FormLister {
  let known: { readonly forms: readonly Form[]; readonly at: number } | null = null;
  async function* whileThere<T>(pages: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* pages;
    } catch (error) {
      if (!(error instanceof ConnectorError) || error.kind !== 'not-found') throw error;
      known = null;
    }
  }
  return {
    async list(fresh, signal) {
      const now = parts.clock.now().getTime();
      if (!fresh && known !== null && now >= known.at && now - known.at < KEPT_MS) {
        return { forms: known.forms, whileThere };
      }
      const forms = await listForms(parts, signal);
      known = { forms, at: now };
      // A form that was just listed and is not there is not what we understand.
      return { forms, whileThere: (pages) => pages };
    },
  };
}

async function listForms({ http }: Pick<HubSpotParts, 'http'>, signal: AbortSignal): Promise<readonly Form[]> {
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
