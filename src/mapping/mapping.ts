// The mapping file: which CRM property feeds which canonical field, which CRM items become activities, and where our own
// fields stand. A public format that a RevOps person edits; the same for every CRM.
import { z } from 'zod';
import { CANONICAL_ACTIVITIES, CANONICAL_FIELDS } from '../domain/canonical.ts';
import type { Problem } from '../domain/problem.ts';
import { SCORE_FIELDS } from '../domain/score-fields.ts';
import { conditionSchema, lacksField } from '../scoring/compile/conditions.ts';
import { formatPath, type Path, parseYaml } from '../yaml/parse-yaml.ts';

export const canonicalName = z
  .string()
  .regex(/^[A-Za-z_][\w.]*$/, 'expected a name of letters, digits, dots and underscores');
// A property's name as CRMs spell them; letters, digits, underscores, and dots for relations.
const propertyName = z.string().regex(/^\w[\w.]*$/, 'expected the internal name of a property (letters, digits, _)');
const objectProperty = z
  .string()
  .regex(/^\w+\.\w[\w.]*$/, 'expected object.property, for example contacts.jobtitle or companies.industry');

const scalar = z.union([z.string(), z.number(), z.boolean()]);
export const tablesSchema = z.record(z.string(), z.record(z.string(), scalar));

export const VALUE_KINDS = ['text', 'number', 'boolean', 'instant', 'country', 'list'] as const;
export const valueKind = z.enum(VALUE_KINDS);
export type ValueKind = z.infer<typeof valueKind>;

export const oneOrMore = <T extends z.ZodType>(schema: T) => z.union([schema, z.array(schema).min(1)]);

const fieldSource = z.strictObject({
  from: oneOrMore(objectProperty).describe('object.property; of several, the first that the record has a value in.'),
  as: valueKind.optional().describe('What the value is; text when left out.'),
  table: z.string().optional().describe('A table under `tables`; a value that it does not list stays as it is.'),
});

const attributeSource = z.union([
  propertyName,
  z.strictObject({
    from: oneOrMore(propertyName).describe('The property; of several, the first that has a value.'),
    as: valueKind.optional().describe('What the value is; text when left out.'),
    table: z.string().optional().describe('A table under `tables`; a value that it does not list stays as it is.'),
  }),
]);

const activityRule = z.strictObject({
  from: z.string().min(1).describe('The stream of the CRM: meetings, form_submissions, ...'),
  type: canonicalName.describe('The activity type that the model counts.'),
  when: conditionSchema.optional().describe("A condition on the CRM's own properties; unknown counts as unmatched."),
  at: oneOrMore(propertyName).describe('When it happened; of several properties, the first that has a value.'),
  attributes: z
    .record(canonicalName, attributeSource)
    .optional()
    .describe('What the `where` of a signal can look at: each attribute with the property that it comes from.'),
});

const linkRule = z.strictObject({
  crm: z.string().min(1).describe('The other CRM: salesforce.'),
  object: z.string().min(1).describe("The other CRM's object: Lead, Contact."),
  from: oneOrMore(objectProperty).describe(
    'The property that holds the id there, as that CRM gives it (of Salesforce 18 characters); of several, the first that has a value.',
  ),
});

export const mappingSchema = z.strictObject({
  crm: z.string().min(1).describe('The connector: hubspot or salesforce.'),
  leads: z
    .strictObject({ where: conditionSchema.describe('Who is scored; a record whose value is unknown is scored too.') })
    .optional()
    .describe('Who is scored: everybody when left out.'),
  fields: z
    .record(canonicalName, fieldSource)
    .describe('The fields that the model scores on, each with the property that it comes from.'),
  tables: tablesSchema
    .optional()
    .describe("Translations of the CRM's values, by name: { industry: { COMPUTER_SOFTWARE: Software } }."),
  activities: z.array(activityRule).optional().describe('The first rule of a stream that fits an item names its type.'),
  links: z
    .array(linkRule)
    .optional()
    .describe('Properties that name the same person in another CRM. A property that is not there names nobody.'),
  outcomes: z
    .strictObject({
      from: oneOrMore(z.string().min(1)).describe('Where the CRM keeps what became of a lead: deals, lifecycle.'),
    })
    .optional()
    .describe('What is kept to review the model by; nothing of it is scored.'),
  when_edited: z
    .enum(['overwrite', 'respect'])
    .optional()
    .describe(
      'When somebody else writes one of our fields: overwrite (the default) puts ours back; respect leaves all our fields of that record alone until the edited ones are emptied. Either way leadgrade explain tells of it.',
    ),
  write_back: z
    .partialRecord(z.enum(SCORE_FIELDS), propertyName)
    .describe('The property that holds each of our fields. Rename a value, or remove a line to keep that field out.'),
});

export type Mapping = z.infer<typeof mappingSchema>;
export type FieldSource = z.infer<typeof fieldSource>;
export type ActivityRule = z.infer<typeof activityRule>;

/** Where the mapping has outcomes from. */
export function outcomeSources({ outcomes }: Mapping): ReadonlySet<string> {
  return new Set([outcomes?.from ?? []].flat());
}

/**
 * Reads a mapping file.
 * @param text its content (YAML)
 * @param file the name that problems carry
 * @returns the mapping, or null with at least one problem of level `error`; warnings come with a mapping
 */
export function readMapping(text: string, file: string): { mapping: Mapping | null; problems: readonly Problem[] } {
  const { value, problems, locate } = parseYaml(text, file, mappingSchema);
  if (value === null) return { mapping: null, problems };
  const at = (level: Problem['level'], path: Path, message: string, fix: string): Problem => {
    return { level, file, line: locate(path), path: formatPath(path), message, fix };
  };
  const found = [
    ...tableProblems(value, at),
    ...writeBackProblems(value, at),
    ...conditionProblems(value, at),
    ...linkProblems(value, at),
    ...unknownNames(value, at),
  ];
  const broken = found.some((problem) => problem.level === 'error');
  return { mapping: broken ? null : value, problems: found };
}

type MakeProblem = (level: Problem['level'], path: Path, message: string, fix: string) => Problem;

function tableProblems(mapping: Mapping, at: MakeProblem): Problem[] {
  const uses: { path: Path; table: string | undefined }[] = Object.entries(mapping.fields).map(([field, source]) => {
    return { path: ['fields', field, 'table'], table: source.table };
  });
  for (const [index, rule] of (mapping.activities ?? []).entries()) {
    for (const [attribute, source] of Object.entries(rule.attributes ?? {})) {
      if (typeof source === 'string') continue;
      uses.push({ path: ['activities', index, 'attributes', attribute, 'table'], table: source.table });
    }
  }
  return uses.flatMap(({ path, table }) => {
    if (table === undefined || Object.hasOwn(mapping.tables ?? {}, table)) return [];
    return [at('error', path, `there is no table "${table}".`, `Add it under "tables", or remove the line.`)];
  });
}

/** A condition here has no field to fall back on, as a criterion of a model has. */
function conditionProblems(mapping: Mapping, at: MakeProblem): Problem[] {
  const conditions = (mapping.activities ?? []).map((rule, index) => {
    return { path: ['activities', index, 'when'], condition: rule.when };
  });
  const all = [{ path: ['leads', 'where'], condition: mapping.leads?.where }, ...conditions];
  return all.flatMap(({ path, condition }) => {
    if (condition === undefined || !lacksField(condition)) return [];
    return [at('error', path, 'a condition names no field.', 'Write { field: ..., is: ... }.')];
  });
}

function writeBackProblems(mapping: Mapping, at: MakeProblem): Problem[] {
  const holder = new Map<string, string>();
  return Object.entries(mapping.write_back).flatMap(([field, property]) => {
    const other = holder.get(property.toLowerCase());
    holder.set(property.toLowerCase(), field);
    if (other === undefined) return [];
    const message = `"${property}" holds "${other}" already.`;
    return [at('error', ['write_back', field], message, 'Give each field a property of its own.')];
  });
}

function linkProblems({ crm, links = [] }: Mapping, at: MakeProblem): Problem[] {
  return links.flatMap((link, index) => {
    if (link.crm !== crm) return [];
    return [at('error', ['links', index, 'crm'], `"${crm}" is this CRM itself.`, 'Name the other CRM.')];
  });
}

function unknownNames(mapping: Mapping, at: MakeProblem): Problem[] {
  const own = 'Keep it if your model uses this name; else check its spelling.';
  const fields = Object.keys(mapping.fields)
    .filter((field) => !CANONICAL_FIELDS.includes(field))
    .map((field) => at('warning', ['fields', field], `"${field}" is no field that the product knows.`, own));
  const activities = (mapping.activities ?? []).flatMap((rule, index) => {
    if (Object.hasOwn(CANONICAL_ACTIVITIES, rule.type)) return [];
    const message = `"${rule.type}" is no activity type that the product knows.`;
    return [at('warning', ['activities', index, 'type'], message, own)];
  });
  return [...fields, ...activities];
}
