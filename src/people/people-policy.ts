// mappings/people.yaml: which records of the CRMs are one person's, and which CRM's word counts where several know a person.
import { z } from 'zod';
import type { Problem } from '../domain/problem.ts';
import { parseYaml } from '../yaml/parse-yaml.ts';

const crmId = z.string().regex(/^[a-z][a-z0-9-]*$/, 'expected the name of a connector, for example hubspot');
const name = z.string().regex(/^[A-Za-z_][\w.]*$/, 'expected a name of letters, digits, dots and underscores');

/** How many records one address may have at most, so that a neighborhood stays small. */
const MOST_MATCHED = 50;

const matchSchema = z.strictObject({
  by: z
    .array(z.enum(['links', 'email']))
    .describe(
      'What makes records one person: links (the record names the other one), email (both have the address). Empty: nothing does.',
    ),
  shared_inboxes: z
    .array(z.string().min(1))
    .describe('What stands before the @ of addresses that are no single person: nobody is matched by one.'),
  most_records: z
    .number()
    .int()
    .min(2)
    .max(MOST_MATCHED)
    .describe('An address that more records have than this is no single person: nobody is matched by it.'),
});

export const peopleSchema = z.strictObject({
  match: matchSchema.describe('Which records are one person.'),
  prefer: z
    .array(crmId)
    .describe('Whose value counts: the first CRM of these that knows one. A CRM that is not named comes last.'),
  prefer_by_field: z
    .record(name, z.array(crmId).min(1))
    .describe('The same for single fields: { contact.job_title: [salesforce, hubspot] }.'),
  activities: z
    .record(name, crmId)
    .describe('Activity types that both CRMs show, each with the one that counts where it knows the person.'),
});

export type PeoplePolicy = z.infer<typeof peopleSchema>;
export type MatchPolicy = PeoplePolicy['match'];

/**
 * @param text the file's content (YAML)
 * @param file the name that problems carry
 * @returns the policy, or null with at least one problem
 */
export function readPeople(text: string, file: string): { people: PeoplePolicy | null; problems: readonly Problem[] } {
  const { value, problems } = parseYaml(text, file, peopleSchema);
  return { people: value, problems };
}
