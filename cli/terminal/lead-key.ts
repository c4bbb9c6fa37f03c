// A lead on the command line: a record by its ID, `hubspot:123`, or as a person finds it: an e-mail
// address, the URL of the record in the CRM, or an ID alone.
import { Argument, InvalidArgumentError } from 'commander';

export interface LeadKey {
  readonly crm: string;
  readonly id: string;
}

export type LeadQuery =
  | ({ readonly kind: 'record' } & LeadKey)
  | { readonly kind: 'email'; readonly text: string }
  | { readonly kind: 'url'; readonly url: URL }
  | { readonly kind: 'id'; readonly id: string };

export const LEAD_HELP = 'hubspot:123, an e-mail address, or the URL of the record in the CRM';

export function leadArgument(): Argument {
  return new Argument('<lead>', LEAD_HELP).argParser(parseLeadQuery);
}

/** @throws InvalidArgumentError for a text that is none of the forms */
export function parseLeadQuery(given: string): LeadQuery {
  const text = given.trim();
  const url = /^https?:\/\//i.test(text) ? text : /^[\w-]+(?:\.[\w-]+)+\//.test(text) ? `https://${text}` : null;
  if (url !== null && URL.canParse(url)) return { kind: 'url', url: new URL(url) };
  if (text.includes('@')) return { kind: 'email', text };
  const [, crm, id] = /^([a-z][a-z0-9-]*):\s*(\S+)$/i.exec(text) ?? [];
  if (crm !== undefined && id !== undefined) return { kind: 'record', crm: crm.toLowerCase(), id };
  if (/^[\w-]+$/.test(text)) return { kind: 'id', id: text };
  throw new InvalidArgumentError(`It must be like ${LEAD_HELP}.`);
}
