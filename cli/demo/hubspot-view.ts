// Reads what a rep sees in the sandbox HubSpot, through the API of HubSpot.
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { modelProperty } from '../../connectors/hubspot/setup/score-properties.ts';
import { type DisplayRecord, type FieldNames, parseDisplayRecord, scoreNames } from './display-record.ts';

const listSchema = z.object({
  results: z.array(z.object({ id: z.string(), properties: z.record(z.string(), z.string().nullable()) })),
  paging: z.object({ next: z.object({ after: z.string() }) }).optional(),
});

/** With the properties of the first model. */
const NAMES = {
  first: 'firstname',
  last: 'lastname',
  title: 'jobtitle',
  grade: 'leadgrade_fit_grade',
  fit: 'leadgrade_fit_score',
  behavior: 'leadgrade_behavior_score',
  total: 'leadgrade_total_score',
  status: 'leadgrade_status',
  explanation: 'leadgrade_explanation',
};

/** @param model the key of the model; null = the first one, whose properties have no name in them */
function namesOf(model: string | null): FieldNames {
  return model === null ? NAMES : { ...NAMES, ...scoreNames((field) => modelProperty(model, field)) };
}

/** The displayed properties of a contact, with the scores of the first model. */
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

/** Every contact with our properties of one model. */
export async function contactsInHubSpot(
  portal: Portal,
  model: string | null = null,
): Promise<readonly DisplayRecord[]> {
  const contacts: DisplayRecord[] = [];
  const names = namesOf(model);
  const properties = Object.values(names).join(',');
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
    contacts.push(...page.results.map(({ id, properties: values }) => parseDisplayRecord(id, values, names)));
    after = page.paging?.next.after;
  } while (after !== undefined);
  return contacts;
}
