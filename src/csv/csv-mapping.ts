// The mapping of a CSV export: the column of the id, the columns behind each canonical field, and
// the columns that become activities. A public format with the same keys as the mapping of a CRM
// (src/mapping/mapping.ts).
import { z } from 'zod';
import type { Problem } from '../domain/problem.ts';
import { canonicalName, constantSource, conversionShape, oneOrMore, tablesSchema } from '../mapping/mapping.ts';
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
} from '../mapping/mapping-checks.ts';
import { unknownShape } from '../mapping/values/unknown-texts.ts';
import { type Condition, conditionFields, lacksField } from '../scoring/compile/conditions.ts';
import { conditionSchema } from '../scoring/schemas/condition-schema.ts';
import { parseDuration } from '../scoring/time/duration.ts';
import { parseYaml } from '../yaml/parse-yaml.ts';
import { ambiguousFormats, dateFormatProblem, proposedFormat } from './dates.ts';
import type { DelimiterName } from './dialect.ts';

export const ENCODINGS = [
  ...(['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'] as const),
  // Never detected: only the mapping can tell.
  ...(['windows-1250', 'windows-1251', 'macintosh', 'shift_jis', 'gb18030', 'euc-kr'] as const),
] as const;
export type Encoding = (typeof ENCODINGS)[number];

const DELIMITER_NAMES = ['comma', 'semicolon', 'tab', 'pipe'] as const satisfies readonly DelimiterName[];
const column = z.string().trim().min(1);

const dateFormat = z.string().superRefine((format, context) => {
  const message = dateFormatProblem(format);
  if (message !== null)
    context.addIssue({
      code: 'custom',
      message: `the date format cannot be used: ${message}`,
      params: { write: proposedFormat(format) },
    });
});
const timeZone = z.string().refine(isTimeZone, 'must be a time zone: for example Europe/Berlin, or UTC');
const AGE = 'must be a duration: for example 7d or 2w';
const age = z.string(AGE).refine((text) => parseDuration(text) !== null, AGE);

const columnSource = z.strictObject({
  from: oneOrMore(column).describe('The column; in a list, the first column with a value in the row counts.'),
  ...conversionShape,
});

const activityRule = z
  .strictObject({
    type: canonicalName.describe('The activity type that the model counts.'),
    when: conditionSchema.optional().describe('A condition on columns; unknown counts as unmatched.'),
    count: column.optional().describe('A column with the number of activities; default 1.'),
    at: oneOrMore(column)
      .optional()
      .describe('The column with the date; in a list, the first column with a value counts.'),
    age: age.optional().describe('The age of the activity at the instant of scoring, if no column has a date.'),
    attributes: z
      .record(canonicalName, z.union([column, constantSource, columnSource]))
      .optional()
      .describe('Attributes for the `where` of a signal, each with its column, or { value: ... } for a constant.'),
  })
  .refine((rule) => rule.when !== undefined || rule.count !== undefined || rule.at !== undefined, {
    message: 'a rule needs at, count or when: without them every row would have this activity',
    params: { fix: 'Add at with the column of the date.' },
  });

export const csvMappingSchema = z.strictObject({
  csv: z
    .strictObject({
      id: column.describe('The column with the id of the lead.'),
      ...unknownShape,
      delimiter: z.enum(DELIMITER_NAMES).optional().describe('Default: detected.'),
      encoding: z.enum(ENCODINGS).optional().describe('Default: detected.'),
      decimal: z
        .enum(['point', 'comma'])
        .optional()
        .describe('The decimal separator: point reads 1,200.5, comma reads 1.200,5. Default: 1200.5 without grouping.'),
      date_format: oneOrMore(dateFormat).optional().describe('Date formats besides ISO 8601, such as dd/MM/yyyy.'),
      timezone: timeZone.optional().describe('The time zone of dates and times without an offset; default UTC.'),
    })
    .describe('The format of the file, and the column with the id of the lead.'),
  fields: z
    .record(canonicalName, z.union([columnSource, constantSource]))
    .describe('Each field of the model with the column that it comes from, or { value: ... } for a constant.'),
  tables: tablesSchema.optional().describe('Translations of values, by name: { sources: { Google: Search } }.'),
  activities: z.array(activityRule).optional().describe('Every rule that matches a row gives its activities.'),
  unobserved: z.array(canonicalName).optional().describe('Activity types that the file does not contain.'),
  outcome: z
    .strictObject({
      column: column.describe('The column with the sales result of the lead.'),
      is: oneOrMore(z.union([z.string(), z.number(), z.boolean()]).transform(String)).describe(
        'The text of the column if the outcome was reached; a list for several texts.',
      ),
    })
    .optional()
    .describe('The sales result of the lead, for the comparison in --sample. Never scored.'),
});

export type CsvMapping = z.infer<typeof csvMappingSchema>;
export type ColumnSource = z.infer<typeof columnSource>;
export type CsvActivityRule = z.infer<typeof activityRule>;

/**
 * Reads the mapping of a CSV export.
 * @param text the content of the file (YAML)
 * @param file the file name for problems
 * @returns the mapping, or null with at least one problem of level `error`; warnings come with a
 *   mapping
 */
export function readCsvMapping(
  text: string,
  file: string,
): { mapping: CsvMapping | null; problems: readonly Problem[] } {
  const { value, problems, locate } = parseYaml(text, file, csvMappingSchema, 'csv');
  if (value === null) return { mapping: null, problems };
  const problem = problemMaker(file, locate);
  const unobserved = (value.unobserved ?? []).map((type, index) => ({ type, path: ['unobserved', index] }));
  const found = [
    ...tableProblems([...fieldTables(value.fields), ...attributeTables(value.activities)], value.tables, problem),
    ...conditionProblems(value, problem),
    ...dateFormatProblems(value, problem),
    ...unobservedProblems(value, problem),
    ...fieldNameProblems(value.fields, problem),
    ...activityTypeProblems([...ruleTypes(value.activities), ...unobserved], problem),
  ];
  return { mapping: hasErrors(found) ? null : value, problems: found };
}

/** The columns that the mapping names, without duplicates. */
export function mappedColumns(mapping: CsvMapping): readonly string[] {
  const rules = (mapping.activities ?? []).flatMap((rule) => {
    const attributes = Object.values(rule.attributes ?? {}).flatMap((each) => columnsOf(each));
    const named = [rule.count ?? [], rule.at ?? [], attributes, rule.when ? conditionFields(rule.when) : []];
    return named.flat();
  });
  const fields = Object.values(mapping.fields).flatMap((each) => columnsOf(each));
  return [...new Set([mapping.csv.id, ...fields, ...rules, ...(mapping.outcome ? [mapping.outcome.column] : [])])];
}

export type CsvAttribute = NonNullable<CsvActivityRule['attributes']>[string];

function columnsOf(attribute: CsvAttribute): string | readonly string[] {
  if (typeof attribute === 'string') return attribute;
  return 'from' in attribute ? attribute.from : [];
}

function isTimeZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: text });
    return true;
  } catch {
    return false;
  }
}

function conditionProblems(mapping: CsvMapping, problem: MakeProblem): Problem[] {
  return (mapping.activities ?? []).flatMap(({ when }, index) => {
    if (when === undefined) return [];
    const path = ['activities', index, 'when'];
    if (lacksField(when))
      return [
        problem(
          'error',
          path,
          'the condition does not say which column it is about.',
          'Add field, for example { field: Converted, is: "1" }.',
        ),
      ];
    if (!comparesNonText(when)) return [];
    return [problem('error', path, 'a cell is text and never equals this value.', 'Put the value in quotes.')];
  });
}

function dateFormatProblems({ csv }: CsvMapping, problem: MakeProblem): Problem[] {
  const both = ambiguousFormats([csv.date_format ?? []].flat());
  if (both === null) return [];
  const message = `${both.join(' and ')} read one text as two different days, and the first would always count.`;
  return [problem('error', ['csv', 'date_format'], message, 'Keep the format of this file.')];
}

/** `is: 1` matches no cell; `is: "1"` does. */
function comparesNonText({ is, one_of = [], not, all = [], any = [] }: Condition): boolean {
  const values = [...(is === undefined ? [] : [is]), ...one_of];
  const nested: readonly Condition[] = [...all, ...any, ...(not === undefined ? [] : [not])];
  return values.some((value) => typeof value !== 'string') || nested.some(comparesNonText);
}

function unobservedProblems(mapping: CsvMapping, problem: MakeProblem): Problem[] {
  const mapped = new Set((mapping.activities ?? []).map(({ type }) => type));
  return (mapping.unobserved ?? []).flatMap((type, index) => {
    if (!mapped.has(type)) return [];
    const message = `"${type}" is unobserved here, but a rule under "activities" creates it.`;
    return [problem('error', ['unobserved', index], message, 'Remove one of them.')];
  });
}
