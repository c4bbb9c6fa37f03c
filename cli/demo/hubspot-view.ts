// Reads what a rep sees in the sandbox HubSpot, through the API of HubSpot.
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type DisplayRecord, parseDisplayRecord } from './display-record.ts';

const listSchema = z.object({
  results: z.array(z.object({ id: z.string(), properties: z.record(z.string(), z.string().nullable()) })),
  paging: z.object({ next: z.object({ after: z.string() }) }).optional(),
});

const SCORES = {
  grade: 'leadgrade_fit_grade',
  fit: 'leadgrade_fit_score',
  behavior: 'leadgrade_behavior_score',
  total: 'leadgrade_total_score',
  status: 'leadgrade_status',
  explanation: 'leadgrade_explanation',
};

const NAMES = { first: 'firstname', last: 'lastname', title: 'jobtitle', ...SCORES };

/** The displayed properties of a contact. */
export function toDisplayRecord(
  id: string,
  properties: Readonly<Record<string, string | null | undefined>>,
): DisplayRecord {
  return parseDisplayRecord(id, properties, NAMES);
}

interface Portal {
  readonly url: string;
  readonly accessToken: string;
}

/** Every contact with our properties. */
export async function contactsInHubSpot(portal: Portal): Promise<readonly DisplayRecord[]> {
  const contacts: DisplayRecord[] = [];
  const properties = ['firstname', 'lastname', 'jobtitle', ...Object.values(SCORES)].join(',');
  let after: string | undefined;
  do {
    const query = new URLSearchParams({ limit: '100', properties, ...(after === undefined ? {} : { after }) });
    const response = await fetch(`${portal.url}/crm/objects/2026-03/contacts?${query}`, {
      headers: { authorization: `Bearer ${portal.accessToken}` },
    });
    if (response.status === 429) {
      await sleep(1_000);
      continue;
    }
    const page = listSchema.parse(await response.json());
    contacts.push(...page.results.map(({ id, properties: values }) => toDisplayRecord(id, values)));
    after = page.paging?.next.after;
  } while (after !== undefined);
  return contacts;
}
