// mappings/people.yaml: which records of the CRMs are one person's, and which CRM's word counts where several know a person.
import { z } from 'zod';
import type { Problem } from '../domain/problem.ts';
import { formatPath, type Path, parseYaml } from '../yaml/parse-yaml.ts';

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
 * @param crms the ids of all CRMs that there are, set up or not: another one would count for nothing
 * @returns the policy, or null with at least one problem
 */
export function readPeople(
  text: string,
  file: string,
  crms: readonly string[],
): { people: PeoplePolicy | null; problems: readonly Problem[] } {
  const { value, problems, locate } = parseYaml(text, file, peopleSchema);
  if (value === null) return { people: null, problems };
  const unknown = namedCrms(value).filter(({ crm }) => !crms.includes(crm));
  if (unknown.length === 0) return { people: value, problems };
  return {
    people: null,
    problems: unknown.map(({ path, crm }) => ({
      level: 'error',
      file,
      line: locate(path),
      path: formatPath(path),
      message: `there is no CRM "${crm}".`,
      fix: `Write one of ${crms.join(', ')}.`,
    })),
  };
}

/** Each place that names a CRM. */
function namedCrms({ prefer, prefer_by_field, activities }: PeoplePolicy): readonly { path: Path; crm: string }[] {
  const listed = (path: Path, crms: readonly string[]) => crms.map((crm, at) => ({ path: [...path, at], crm }));
  return [
    ...listed(['prefer'], prefer),
    ...Object.entries(prefer_by_field).flatMap(([field, crms]) => listed(['prefer_by_field', field], crms)),
    ...Object.entries(activities).map(([type, crm]) => ({ path: ['activities', type], crm })),
  ];
}
