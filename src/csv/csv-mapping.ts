// The mapping of a CSV export: which column is the id, which columns feed which canonical field, which become activities. A public format
// that a RevOps person edits; the words are those of a CRM's mapping (src/mapping/mapping.ts).
import { z } from 'zod';
import { CANONICAL_ACTIVITIES, CANONICAL_FIELDS } from '../domain/canonical.ts';
import type { Problem } from '../domain/problem.ts';
import { canonicalName, oneOrMore, tablesSchema, valueKind } from '../mapping/mapping.ts';
import { type Condition, conditionFields, conditionSchema, lacksField } from '../scoring/compile/conditions.ts';
import { parseDuration } from '../scoring/duration.ts';
import { formatPath, type Path, parseYaml } from '../yaml/parse-yaml.ts';
import { dateFormatProblem } from './dates.ts';
import type { DelimiterName } from './form.ts';

export const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'] as const;
export type Encoding = (typeof ENCODINGS)[number];

const NAMES_OF_DELIMITERS = ['comma', 'semicolon', 'tab', 'pipe'] as const satisfies readonly DelimiterName[];
const column = z.string('expected the name of a column').trim().min(1, 'expected the name of a column');

const dateFormat = z.string().superRefine((format, context) => {
  const message = dateFormatProblem(format);
  if (message !== null) context.addIssue({ code: 'custom', message: `no date format: ${message}` });
});
const timeZone = z.string().refine(isTimeZone, 'expected a time zone such as Europe/Berlin, or UTC');
const age = z.string().refine((text) => parseDuration(text) !== null, 'expected a duration such as 7d or 2w');

const columnSource = z.strictObject({
  from: oneOrMore(column).describe('A column; of several, the first that has a value in the row.'),
  as: valueKind.optional().describe('What the value is; text when left out.'),
  table: z.string().optional().describe('A table under `tables`; a value that it does not list stays as it is.'),
});

const activityRule = z
  .strictObject({
    type: canonicalName.describe('The activity type that the model counts.'),
    when: conditionSchema.optional().describe('A condition on columns; what is unknown counts as unmatched.'),
    count: column.optional().describe('A column with a number: so many activities. One when left out.'),
    at: oneOrMore(column).optional().describe('The column that says when; of several, the first that has a value.'),
    age: age.optional().describe('How long before the instant of scoring it happened, where no column says so.'),
    attributes: z
      .record(canonicalName, z.union([column, columnSource]))
      .optional()
      .describe('What the `where` of a signal can look at: each attribute with the column that it comes from.'),
  })
  .refine(
    (rule) => rule.when !== undefined || rule.count !== undefined || rule.at !== undefined,
    'a rule needs at, count or when: otherwise every row would have this activity',
  );

export const csvMappingSchema = z.strictObject({
  csv: z
    .strictObject({
      id: column.describe('The column that tells one lead from another.'),
      unknown: z
        .array(z.string())
        .optional()
        .describe('What stands in a cell where nothing is known: Select, "-", n/a.'),
      delimiter: z.enum(NAMES_OF_DELIMITERS).optional().describe('Found out when left out.'),
      encoding: z.enum(ENCODINGS).optional().describe('Found out when left out.'),
      decimal: z
        .enum(['point', 'comma'])
        .optional()
        .describe('What stands before the decimals: point reads 1,200.5, comma reads 1.200,5. Left out: 1200.5 alone.'),
      date_format: oneOrMore(dateFormat).optional().describe('Forms of dates beside ISO 8601, such as dd/MM/yyyy.'),
      timezone: timeZone.optional().describe('Of dates and times without an offset; UTC when left out.'),
    })
    .describe('How the file is written, and what tells its leads apart.'),
  fields: z.record(canonicalName, columnSource).describe('Each field of the model with the column that it comes from.'),
  tables: tablesSchema.optional().describe('Translations of values, by name: { sources: { Google: Search } }.'),
  activities: z.array(activityRule).optional().describe('Every rule that fits a row gives its activities.'),
  unobserved: z.array(canonicalName).optional().describe('Activity types that the file cannot show.'),
  outcome: z
    .strictObject({
      column: column.describe('The column that tells what became of the lead.'),
      is: oneOrMore(z.union([z.string(), z.number(), z.boolean()]).transform(String)).describe(
        'What stands in it when the outcome was reached; a list for several.',
      ),
    })
    .optional()
    .describe('What became of the lead, for --sample to compare with. Never scored.'),
});

export type CsvMapping = z.infer<typeof csvMappingSchema>;
export type ColumnSource = z.infer<typeof columnSource>;
export type CsvActivityRule = z.infer<typeof activityRule>;

/**
 * Reads the mapping of a CSV export.
 * @param text its content (YAML)
 * @param file the name that problems carry
 * @returns the mapping, or null with at least one problem of level `error`; warnings come with a mapping
 */
export function readCsvMapping(
  text: string,
  file: string,
): { mapping: CsvMapping | null; problems: readonly Problem[] } {
  const { value, problems, locate } = parseYaml(text, file, csvMappingSchema);
  if (value === null) return { mapping: null, problems };
  const at: MakeProblem = (level, path, message, fix) => {
    return { level, file, line: locate(path), path: formatPath(path), message, fix };
  };
  const found = [
    ...tableProblems(value, at),
    ...conditionProblems(value, at),
    ...unobservedProblems(value, at),
    ...unknownNames(value, at),
  ];
  const broken = found.some((problem) => problem.level === 'error');
  return { mapping: broken ? null : value, problems: found };
}

/** Every column that the mapping names, once. */
export function mappedColumns(mapping: CsvMapping): readonly string[] {
  const rules = (mapping.activities ?? []).flatMap((rule) => {
    const attributes = Object.values(rule.attributes ?? {}).flatMap((each) => sourceOf(each).from);
    const named = [rule.count ?? [], rule.at ?? [], attributes, rule.when ? conditionFields(rule.when) : []];
    return named.flat();
  });
  const fields = Object.values(mapping.fields).flatMap(({ from }) => from);
  return [...new Set([mapping.csv.id, ...fields, ...rules, ...(mapping.outcome ? [mapping.outcome.column] : [])])];
}

/** An attribute may be given by its column alone. */
export function sourceOf(given: string | ColumnSource): ColumnSource {
  return typeof given === 'string' ? { from: given } : given;
}

function isTimeZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: text });
    return true;
  } catch {
    return false;
  }
}

type MakeProblem = (level: Problem['level'], path: Path, message: string, fix: string) => Problem;

function tableProblems(mapping: CsvMapping, at: MakeProblem): Problem[] {
  const fields = Object.entries(mapping.fields).map(([field, { table }]) => ({ path: ['fields', field], table }));
  const attributes = (mapping.activities ?? []).flatMap((rule, index) => {
    return Object.entries(rule.attributes ?? {}).map(([attribute, given]) => {
      return { path: ['activities', index, 'attributes', attribute], table: sourceOf(given).table };
    });
  });
  return [...fields, ...attributes].flatMap(({ path, table }) => {
    if (table === undefined || Object.hasOwn(mapping.tables ?? {}, table)) return [];
    return [
      at('error', [...path, 'table'], `there is no table "${table}".`, 'Add it under "tables", or remove the line.'),
    ];
  });
}

function conditionProblems(mapping: CsvMapping, at: MakeProblem): Problem[] {
  return (mapping.activities ?? []).flatMap(({ when }, index) => {
    if (when === undefined) return [];
    const path = ['activities', index, 'when'];
    if (lacksField(when))
      return [at('error', path, 'a condition names no column.', 'Write { field: Column, is: ... }.')];
    if (!comparesNoText(when)) return [];
    return [at('error', path, 'a cell holds text, and is never equal to this.', 'Put the value in quotes.')];
  });
}

/** `is: 1` holds for no cell; `is: "1"` does. */
function comparesNoText({ is, one_of = [], not, all = [], any = [] }: Condition): boolean {
  const own = [...(is === undefined ? [] : [is]), ...one_of];
  const nested: readonly Condition[] = [...all, ...any, ...(not === undefined ? [] : [not])];
  return own.some((value) => typeof value !== 'string') || nested.some(comparesNoText);
}

function unobservedProblems(mapping: CsvMapping, at: MakeProblem): Problem[] {
  const given = new Set((mapping.activities ?? []).map(({ type }) => type));
  return (mapping.unobserved ?? []).flatMap((type, index) => {
    if (!given.has(type)) return [];
    const message = `a rule gives "${type}", and this says that the file does not show it.`;
    return [at('error', ['unobserved', index], message, 'Remove one of them.')];
  });
}

function unknownNames(mapping: CsvMapping, at: MakeProblem): Problem[] {
  const own = 'Keep it if your model uses this name; else check its spelling.';
  const fields = Object.keys(mapping.fields)
    .filter((field) => !CANONICAL_FIELDS.includes(field))
    .map((field) => at('warning', ['fields', field], `"${field}" is no field that the product knows.`, own));
  const rules = (mapping.activities ?? []).map(({ type }, index) => ({ type, path: ['activities', index, 'type'] }));
  const unobserved = (mapping.unobserved ?? []).map((type, index) => ({ type, path: ['unobserved', index] }));
  const activities = [...rules, ...unobserved].flatMap(({ type, path }) => {
    if (Object.hasOwn(CANONICAL_ACTIVITIES, type)) return [];
    return [at('warning', path, `"${type}" is no activity type that the product knows.`, own)];
  });
  return [...fields, ...activities];
}
