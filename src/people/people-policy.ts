// mappings/people.yaml: which records of the CRMs belong to one person, and which CRM's values have
// precedence for a person in several CRMs.
import { z } from 'zod';
import type { Problem } from '../domain/problem.ts';
import { closest } from '../problems/suggest.ts';
import { parseYaml } from '../yaml/parse-yaml.ts';
import { formatPath, type Path } from '../yaml/paths.ts';

const crmId = z.string().regex(/^[a-z][a-z0-9-]*$/, 'must be the name of a CRM: hubspot or salesforce');
const name = z
  .string()
  .regex(/^[A-Za-z_][\w.]*$/, 'must be a name: letters, digits, dots and underscores, for example contact.job_title');

/** The upper limit of `max_records`, so that a connected component of records stays small. */
const MAX_RECORDS_LIMIT = 50;

const matchSchema = z.strictObject({
  by: z
    .array(z.enum(['links', 'email']))
    .describe(
      'What makes records one person: links (one record names the other), email (both have the same address). Empty: no matching.',
    ),
  shared_inboxes: z
    .array(z.string().min(1))
    .describe(
      'The part before the @ of shared addresses (info, sales). They match no records. Letter case, digits at the end and separators do not matter.',
    ),
  plus_tags: z
    .enum(['same', 'different'])
    .default('different')
    .describe(
      'same: anna+demo@acme.example is the address anna@acme.example. different (default): they are two addresses, as in the CRMs.',
    ),
  max_records: z
    .number()
    .int()
    .min(2)
    .max(MAX_RECORDS_LIMIT)
    .describe('An address or link target of more records than this matches no records.'),
});

export const peopleSchema = z.strictObject({
  match: matchSchema.describe('Which records belong to one person.'),
  prefer: z
    .array(crmId)
    .describe('The precedence of values: the first CRM with a known value. A CRM that is not in the list comes last.'),
  prefer_by_field: z
    .record(name, z.array(crmId).min(1))
    .describe('The same for single fields: { contact.job_title: [salesforce, hubspot] }.'),
  activities: z
    .record(name, crmId)
    .describe('Activity types that both CRMs have, each with the CRM that counts if the person has a record there.'),
});

export type PeoplePolicy = z.infer<typeof peopleSchema>;
export type MatchPolicy = PeoplePolicy['match'];

/**
 * @param text the content of the file (YAML)
 * @param file the file name for problems
 * @param crms the ids of all supported CRMs, connected or not; any other id is an error
 * @returns the policy, or null with at least one problem
 */
export function readPeople(
  text: string,
  file: string,
  crms: readonly string[],
): { people: PeoplePolicy | null; problems: readonly Problem[] } {
  const { value, problems, locate } = parseYaml(text, file, peopleSchema, 'people');
  if (value === null) return { people: null, problems };
  const unknown = namedCrms(value).filter(({ crm }) => !crms.includes(crm));
  if (unknown.length === 0) return { people: value, problems };
  return {
    people: null,
    problems: unknown.map(({ path, crm }) => ({
      level: 'error',
      file,
      ...locate(path),
      path: formatPath(path),
      message:
        closest(crm, crms) === null
          ? `unknown CRM "${crm}".`
          : `unknown CRM "${crm}": did you mean ${closest(crm, crms)}?`,
      fix: `Use one of ${crms.join(', ')}.`,
    })),
  };
}

/** Each CRM id in the policy, with its path. */
function namedCrms({ prefer, prefer_by_field, activities }: PeoplePolicy): readonly { path: Path; crm: string }[] {
  const listed = (path: Path, crms: readonly string[]) => crms.map((crm, index) => ({ path: [...path, index], crm }));
  return [
    ...listed(['prefer'], prefer),
    ...Object.entries(prefer_by_field).flatMap(([field, crms]) => listed(['prefer_by_field', field], crms)),
    ...Object.entries(activities).map(([type, crm]) => ({ path: ['activities', type], crm })),
  ];
}
