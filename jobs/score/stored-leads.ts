// All leads of the database that the mapping has in scope, as a scoring now would read them.
import type { Lead } from '../../src/domain/lead.ts';
import { toLead } from '../../src/people/to-lead.ts';
import { asReadable } from '../../src/people/unreadable-fields.ts';
import { type FoundLead, pageOfLeads } from '../../src/store/leads/lead-lookup.ts';
import type { JobContext } from '../context.ts';
import { isInScope } from './score-chunk.ts';
import { inputOptions, scoringInputs } from './scoring-inputs.ts';

const PAGE = 500;

export interface StoredLead {
  readonly lead: Lead;
  readonly stored: FoundLead;
}

/**
 * In pages, so that memory use does not depend on their number. Nothing is locked or written.
 * @param context its model says which activity types can be unobserved
 */
export async function* storedLeads(context: JobContext): AsyncGenerator<StoredLead> {
  const inputs = await scoringInputs(context);
  const options = inputOptions(context);
  let after = 0;
  for (;;) {
    const page = await pageOfLeads(context.db, { after, limit: PAGE }, options);
    for (const stored of page) {
      if (stored.records.length === 0) continue;
      const person = asReadable(stored, inputs.unreadable);
      if (isInScope(person, context.crms, stored.wasInScope)) yield { lead: toLead(person, inputs), stored };
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.id;
  }
}
