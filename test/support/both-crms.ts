// A product over a sandbox HubSpot and a sandbox Salesforce, with a model in which every reason is worth another number.
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { control, loggedCalls } from '../../cli/demo/sandbox-log.ts';
import type { HubSpotSandbox } from '../../sandbox/hubspot/start.ts';
import { leads } from './leads.ts';
import { openSalesforceProduct, type SalesforceProduct, type SalesforceProductOptions } from './salesforce-product.ts';

/** The score fields that a rep sees; null = the field is empty. */
export interface Seen {
  readonly total: number | null;
  readonly status: string | null;
  readonly explanation: string | null;
}

export interface BothCrms extends SalesforceProduct {
  readonly portal: HubSpotSandbox;
  contactId(key: string): string;
  leadId(key: string): string;
  inHubSpot(key: string): Promise<Seen>;
  /** Its Lead, or the Contact that `object` and `id` name. */
  inSalesforce(key: string, contact?: string): Promise<Seen>;
  /** Sends a request to the control API of the sandbox HubSpot. */
  hubspot(method: string, path: string, body?: object): Promise<unknown>;
  /** Makes a Contact of a Lead. */
  convert(key: string): Promise<z.infer<typeof conversionSchema>>;
  /** Creates an activity of the person with this id. */
  happens(where: { contact: string } | { person: string }, type: string, at?: string): Promise<void>;
  /** Writes that were sent to either CRM so far. */
  writesSent(): Promise<number>;
}

const MODEL_FILE = fileURLToPath(new URL('../jobs/two-crms/people-model.yaml', import.meta.url));
const AT = '2026-03-03T15:30:00Z';

const textOrNull = z
  .string()
  .nullish()
  .transform((text) => text || null);
const numberOrNull = z
  .union([z.string(), z.number()])
  .nullish()
  .transform((value) => (value === '' || value == null ? null : Number(value)));
const conversionSchema = z.object({ accountId: z.string(), contactId: z.string() });
const contactSchema = z.object({
  properties: z.object({
    leadgrade_total_score: numberOrNull,
    leadgrade_status: textOrNull,
    leadgrade_explanation: textOrNull,
  }),
});
const recordSchema = z.object({
  Leadgrade_Total_Score__c: numberOrNull,
  Leadgrade_Status__c: textOrNull,
  Leadgrade_Explanation__c: textOrNull,
});

/** Closed with the test that opens it. */
export async function openBothCrms(options: SalesforceProductOptions = {}): Promise<BothCrms> {
  const settings = { MODEL_FILE, ...options.settings };
  const product = await openSalesforceProduct({ dataset: leads(2), hubspot: leads(2), ...options, settings });
  if (product.portal === null) throw new Error('There is no HubSpot.');
  return withPeople(product, product.portal);
}

function withPeople(product: SalesforceProduct, portal: HubSpotSandbox): BothCrms {
  const hubspot: BothCrms['hubspot'] = (method, path, body) => control(portal, method, path, body);
  const idIn = (ids: ReadonlyMap<string, string>) => (key: string) => {
    const id = ids.get(key);
    if (id === undefined) throw new Error(`There is no person "${key}" in the data set.`);
    return id;
  };
  const [contactId, leadId] = [idIn(portal.contactIds), idIn(product.org.leadIds)];
  const people: Omit<BothCrms, keyof SalesforceProduct> = {
    contactId,
    leadId,
    hubspot,
    inHubSpot: async (key) => {
      const { properties } = contactSchema.parse(await hubspot('GET', `contacts/${contactId(key)}`));
      const { leadgrade_total_score: total, leadgrade_status: status, leadgrade_explanation: explanation } = properties;
      return { total, status, explanation };
    },
    inSalesforce: async (key, contact) => {
      const values = await product.record(contact === undefined ? 'Lead' : 'Contact', contact ?? leadId(key));
      const seen = recordSchema.parse(values);
      return {
        total: seen.Leadgrade_Total_Score__c,
        status: seen.Leadgrade_Status__c,
        explanation: seen.Leadgrade_Explanation__c,
      };
    },
    convert: async (key) => conversionSchema.parse(await product.control('POST', 'convert', { leadId: leadId(key) })),
    happens: async (where, type, at = AT) => {
      if ('contact' in where) await hubspot('POST', 'activities', { contactId: where.contact, type, at });
      else await product.control('POST', 'activities', { personId: where.person, type, at });
    },
    writesSent: async () => {
      const toHubSpot = (await loggedCalls(portal)).filter(({ path }) => path.endsWith('/contacts/batch/update'));
      return toHubSpot.length + (await product.writes()).length;
    },
  };
  return Object.assign(product, { portal }, people);
}

/** The sum of what the reasons of an explanation give. */
export function sumOf(explanation: string | null): number {
  return (explanation ?? '')
    .split('\n')
    .map((line) => Number(/^([+-]\d+) /.exec(line)?.[1] ?? 0))
    .reduce((sum, points) => sum + points, 0);
}
