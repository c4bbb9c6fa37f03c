// The mapping file of a CRM: the property behind each canonical field, the items that become
// activities, and the properties of our score fields. A public format, the same for every CRM.
import { z } from 'zod';
import type { Problem } from '../domain/problem.ts';
import type { ScoreField } from '../domain/score-fields.ts';
import { lacksField } from '../scoring/compile/conditions.ts';
import { conditionSchema } from '../scoring/schemas/condition-schema.ts';
import { parseYaml } from '../yaml/parse-yaml.ts';
import { callsForOthers } from './calls-for-others.ts';
import {
  activityTypeProblems,
  attributeTables,
  fieldNameProblems,
  fieldTables,
  hasErrors,
  type MakeProblem,
  problemMaker,
  ruleTypes,
  tableProblems,
} from './mapping-checks.ts';
import { unknownShape } from './values/unknown-texts.ts';
import { sharedProperties } from './write-back.ts';

export const canonicalName = z
  .string()
  .regex(/^[A-Za-z_][\w.]*$/, 'must be a name: letters, digits, dots and underscores, for example contact.job_title');
// Internal property names of CRMs: letters, digits, underscores, and dots for relations.
const propertyName = z.string().regex(/^\w[\w.]*$/, 'must be the internal name of a property: letters, digits and _');
const objectProperty = z
  .string()
  .regex(/^\w+\.\w[\w.]*$/, 'must be object.property: for example contacts.jobtitle or companies.industry');

const scalar = z.union([z.string(), z.number(), z.boolean()]);
export const tablesSchema = z.record(z.string(), z.record(z.string(), scalar));

export const VALUE_KINDS = ['text', 'number', 'boolean', 'instant', 'country', 'list'] as const;
export const valueKind = z.enum(VALUE_KINDS);
export type ValueKind = z.infer<typeof valueKind>;

export const oneOrMore = <T extends z.ZodType>(schema: T) => z.union([schema, z.array(schema).min(1)]);

/** How a value is converted: the same keys in every mapping file. */
export const conversionShape = {
  as: valueKind.optional().describe('The kind of the value; default text.'),
  table: z.string().optional().describe('A table under `tables`; a value that is not in it is used unchanged.'),
};

const fieldSource = z.strictObject({
  from: oneOrMore(objectProperty).describe('object.property; in a list, the first property with a value counts.'),
  ...conversionShape,
});

/** A field or attribute with the same value for every lead, or every activity of a rule. */
export const constantSource = z.strictObject({
  value: scalar.describe('The same value for every lead, or every activity of this rule: { value: Demo request }.'),
});

const attributeSource = z.union([
  propertyName,
  constantSource,
  z.strictObject({
    from: oneOrMore(propertyName).describe('The property; in a list, the first property with a value counts.'),
    ...conversionShape,
  }),
]);

const activityRule = z.strictObject({
  from: z.string().min(1).describe('The stream of the CRM: meetings, form_submissions, ...'),
  type: canonicalName.describe('The activity type that the model counts.'),
  when: conditionSchema.optional().describe("A condition on the CRM's own properties; unknown counts as unmatched."),
  at: oneOrMore(propertyName).describe('The date of the activity; in a list, the first property with a value counts.'),
  attributes: z
    .record(canonicalName, attributeSource)
    .optional()
    .describe('Attributes for the `where` of a signal, each with its property, or { value: ... } for a constant.'),
});

const linkRule = z.strictObject({
  crm: z.string().min(1).describe('The other CRM: salesforce.'),
  object: z.string().min(1).describe("The other CRM's object: Lead, Contact."),
  from: oneOrMore(objectProperty).describe(
    'The property with the id of the record in the other CRM (15 or 18 characters for Salesforce); in a list, the first property with a value counts.',
  ),
});

function shapeOf<T extends z.ZodType>(schema: T) {
  return {
    fit_grade: schema.describe('The property of the fit grade: A, B, C, D, F or Ungraded.'),
    fit_score: schema.describe('The property of the fit score.'),
    behavior_score: schema.describe('The property of the behavior score.'),
    total_score: schema.describe('The property of the total.'),
    status: schema.describe('The property of the status: the ID of the band.'),
    explanation: schema.describe('The property of the explanation: the lines that add up.'),
    scored_at: schema.describe('The property of the instant of the scoring.'),
    model: schema.describe('The property of the name and version of the model.'),
  } satisfies Record<ScoreField, T>;
}

export const mappingSchema = z.strictObject({
  crm: z.string().min(1).describe('The connector: hubspot or salesforce.'),
  leads: z
    .strictObject({
      where: conditionSchema.describe('The records to score; a record with an unknown value is scored, too.'),
    })
    .optional()
    .describe('The records to score; default: all.'),
  fields: z
    .record(canonicalName, z.union([fieldSource, constantSource]))
    .describe(
      'The fields that the model scores, each with the property that it comes from, or { value: ... } for a constant.',
    ),
  ...unknownShape,
  tables: tablesSchema
    .optional()
    .describe("Translations of the CRM's values, by name: { industry: { COMPUTER_SOFTWARE: Software } }."),
  activities: z
    .array(activityRule)
    .optional()
    .describe('The first rule of a stream that matches an item gives its type.'),
  links: z
    .array(linkRule)
    .optional()
    .describe('Properties with the id of the same person in another CRM. A missing property matches no record.'),
  outcomes: z
    .strictObject({
      from: oneOrMore(z.string().min(1)).describe('The sources of sales results: deals, lifecycle.'),
    })
    .optional()
    .describe('Sales results stored for the review of the model; never scored.'),
  when_edited: z
    .enum(['overwrite', 'respect'])
    .optional()
    .describe(
      'What happens when a user or another tool changes a score field in the CRM: overwrite (default) writes our value again; respect stops writing to that record until the changed fields are emptied. `npx leadgrade explain` shows the change either way.',
    ),
  min_change: z
    .int('must be a whole number of points: min_change: 3')
    .min(1, 'must be at least 1')
    .optional()
    .describe(
      'Points: a record is written when a score or a reason differs from the CRM by at least so many; another grade or status is always written. Default 1.',
    ),
  calls_for_others: callsForOthers
    .optional()
    .describe(
      "The share of the CRM's API calls per day that Leadgrade leaves to other apps: at the rest it pauses. Default 10% (Salesforce: 20%).",
    ),
  write_back: z
    .strictObject({
      ...shapeOf(propertyName.optional()),
      models: z
        .record(z.string(), z.strictObject(shapeOf(z.union([propertyName, z.literal(false)]).optional())))
        .optional()
        .describe(
          'With several models: by name of a model beside the first one, the properties that are not to have their default names; false keeps a field out of the CRM.',
        ),
    })
    .describe(
      'The property of each score field. Rename a property, or remove a line to keep that field out of the CRM.',
    ),
});

export type Mapping = z.infer<typeof mappingSchema>;
export type FieldSource = Mapping['fields'][string];
export type ActivityRule = z.infer<typeof activityRule>;

/** The sources of deal outcomes in the mapping. */
export function outcomeSources({ outcomes }: Mapping): ReadonlySet<string> {
  return new Set([outcomes?.from ?? []].flat());
}

/**
 * @param text the content of a mapping file (YAML)
 * @param file the file name for problems
 * @returns the mapping, or null with at least one problem of level `error`; warnings come with a
 *   mapping
 */
export function readMapping(text: string, file: string): { mapping: Mapping | null; problems: readonly Problem[] } {
  const { value, problems, locate } = parseYaml(text, file, mappingSchema, 'crm');
  if (value === null) return { mapping: null, problems };
  const problem = problemMaker(file, locate);
  const found = [
    ...tableProblems([...fieldTables(value.fields), ...attributeTables(value.activities)], value.tables, problem),
    ...writeBackProblems(value, problem),
    ...conditionProblems(value, problem),
    ...linkProblems(value, problem),
    ...fieldNameProblems(value.fields, problem),
    ...activityTypeProblems(ruleTypes(value.activities), problem),
  ];
  return { mapping: hasErrors(found) ? null : value, problems: found };
}

/** A condition in a mapping has no default field, unlike the case of a criterion in a model. */
function conditionProblems(mapping: Mapping, problem: MakeProblem): Problem[] {
  const conditions = (mapping.activities ?? []).map((rule, index) => {
    return { path: ['activities', index, 'when'], condition: rule.when };
  });
  const all = [{ path: ['leads', 'where'], condition: mapping.leads?.where }, ...conditions];
  return all.flatMap(({ path, condition }) => {
    if (condition === undefined || !lacksField(condition)) return [];
    return [
      problem(
        'error',
        path,
        'the condition does not say which property it is about.',
        'Add field, for example { field: contacts.lifecyclestage, is: lead }.',
      ),
    ];
  });
}

function writeBackProblems(mapping: Mapping, problem: MakeProblem): Problem[] {
  return sharedProperties(mapping).map(({ path, property, other }) => {
    const message = `property "${property}" is already used for "${other}".`;
    return problem('error', path, message, 'Give each field its own property.');
  });
}

function linkProblems({ crm, links = [] }: Mapping, problem: MakeProblem): Problem[] {
  return links.flatMap((link, index) => {
    if (link.crm !== crm) return [];
    return [problem('error', ['links', index, 'crm'], `"${crm}" is the CRM of this mapping.`, 'Name the other CRM.')];
  });
}
