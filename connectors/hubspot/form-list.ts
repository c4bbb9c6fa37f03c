// The forms of a portal, remembered for a moment: submissions are asked for every few seconds, and forms are seldom made.
import type { z } from 'zod';
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
  /** It was not asked for just now: one of the forms may be gone. */
  readonly kept: boolean;
}

export interface FormLister {
  /** @param fresh whether it must be asked for now */
  list(fresh: boolean, signal: AbortSignal): Promise<FormList>;
  /** The next time it is asked for. */
  forget(): void;
}

export function createFormLister(parts: Pick<HubSpotParts, 'http' | 'clock'>): FormLister {
  let known: { readonly forms: readonly Form[]; readonly at: number } | null = null;
  return {
    async list(fresh, signal) {
      const now = parts.clock.now().getTime();
      if (!fresh && known !== null && now >= known.at && now - known.at < KEPT_MS) {
        return { forms: known.forms, kept: true };
      }
      const forms = await listForms(parts, signal);
      known = { forms, at: now };
      return { forms, kept: false };
    },
    forget: () => {
      known = null;
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
