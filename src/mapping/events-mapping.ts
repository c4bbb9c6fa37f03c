// mappings/events.yaml: which events of the team's own site or product become which activities. The same rules as in a CRM's mapping; what no
// rule asks for is not kept.
import { z } from 'zod';
import { CANONICAL_ACTIVITIES } from '../domain/canonical.ts';
import type { Fields, FieldValue } from '../domain/lead.ts';
import type { Problem } from '../domain/problem.ts';
import { SITE_EVENT_KINDS, type SiteEventProjector } from '../domain/site-event.ts';
import { conditionFields, conditionSchema, lacksField } from '../scoring/compile/conditions.ts';
import { formatPath, type Path, parseYaml } from '../yaml/parse-yaml.ts';
import { canonicalName, type Mapping, oneOrMore, tablesSchema, valueKind } from './mapping.ts';
import { createActivityProjector } from './project-activities.ts';

const SOURCE = /^(event|name|category|(properties|traits|context)\..+)$/;
const eventProperty = z
  .string()
  .regex(SOURCE, 'expected event, name, category, properties.<name>, traits.<name> or context.<name>');

const attributeSource = z.union([
  eventProperty,
  z.strictObject({
    from: oneOrMore(eventProperty).describe('Where it stands; of several places, the first that has a value.'),
    as: valueKind.optional().describe('What the value is; text when left out.'),
    table: z.string().optional().describe('A table under `tables`; a value that it does not list stays as it is.'),
  }),
]);

const eventRule = z.strictObject({
  from: oneOrMore(z.enum(SITE_EVENT_KINDS)).describe(
    'The kind of message: track, page, screen or identify; or several.',
  ),
  type: canonicalName.describe('The activity type that the model counts.'),
  when: conditionSchema
    .optional()
    .describe(
      'A condition on the message: event (the name of a track), name, properties.<name> ... Unknown is no match.',
    ),
  attributes: z
    .record(canonicalName, attributeSource)
    .optional()
    .describe(
      'What the `where` of a signal can look at, each with the place that it comes from. Nothing else is kept.',
    ),
});

export const eventsMappingSchema = z.strictObject({
  activities: z
    .array(eventRule)
    .describe('The first rule that fits a message names its type; what none fits is dropped.'),
  tables: tablesSchema.optional().describe('Translations of values, by name: { form: { f_12: Request a demo } }.'),
});

export type EventsMapping = z.infer<typeof eventsMappingSchema>;

/**
 * @param text the file's content (YAML)
 * @param file the name that problems carry
 * @returns the mapping, or null with at least one problem of level `error`; warnings come with a mapping
 */
export function readEventsMapping(
  text: string,
  file: string,
): { mapping: EventsMapping | null; problems: readonly Problem[] } {
  const { value, problems, locate } = parseYaml(text, file, eventsMappingSchema);
  if (value === null) return { mapping: null, problems };
  const found = findingsIn(value).map(({ level, path, message, fix }): Problem => {
    return { level, file, line: locate(path), path: formatPath(path), message, fix };
  });
  return { mapping: found.some(({ level }) => level === 'error') ? null : value, problems: found };
}

interface Finding {
  readonly level: Problem['level'];
  readonly path: Path;
  readonly message: string;
  readonly fix: string;
}

function findingsIn({ activities, tables = {} }: EventsMapping): readonly Finding[] {
  return activities.flatMap(({ type, when, attributes = {} }, index) => {
    const path = ['activities', index];
    const findings: Finding[] = [];
    if (!Object.hasOwn(CANONICAL_ACTIVITIES, type)) {
      const message = `"${type}" is no activity type that the product knows.`;
      const fix = 'Keep it if your model uses this name; else check its spelling.';
      findings.push({ level: 'warning', path: [...path, 'type'], message, fix });
    }
    if (when !== undefined) findings.push(...conditionFindings(when, [...path, 'when']));
    for (const [attribute, source] of Object.entries(attributes)) {
      if (typeof source === 'string' || source.table === undefined || Object.hasOwn(tables, source.table)) continue;
      const message = `there is no table "${source.table}".`;
      const fix = 'Add it under "tables", or remove the line.';
      findings.push({ level: 'error', path: [...path, 'attributes', attribute, 'table'], message, fix });
    }
    return findings;
  });
}

function conditionFindings(when: Parameters<typeof lacksField>[0], path: Path): readonly Finding[] {
  if (lacksField(when)) {
    const fix = 'Write { field: event, is: ... }.';
    return [{ level: 'error', path, message: 'a condition names no field.', fix }];
  }
  return conditionFields(when)
    .filter((field) => !SOURCE.test(field))
    .map((field) => {
      const fix = `Write event, name, category, properties.${field}, traits.${field} or context.${field}.`;
      return { level: 'error', path, message: `"${field}" is no place in a message.`, fix };
    });
}

const LONGEST_TEXT = 1_000;

/** The projector of a mapping, conditions compiled once. */
export function createEventProjector({ activities, tables }: EventsMapping): SiteEventProjector {
  const rules = activities.flatMap(({ from, ...rule }) =>
    [from].flat().map((kind) => ({ ...rule, from: kind, at: 'at' })),
  );
  const mapping: Mapping = { crm: 'site', fields: {}, write_back: {}, activities: rules, tables };
  const project = createActivityProjector(mapping);
  return ({ kind, messageId, at, properties }) => {
    const found = project({
      id: messageId,
      source: kind,
      properties: { ...properties, at: new Date(at).toISOString() },
    });
    return found === null ? null : { type: found.type, attributes: shortened(found.attributes) };
  };
}

/** Nobody keeps a whole text in a ledger. */
function shortened(attributes: Fields): Fields {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, shortValue(value)]));
}

function shortValue(value: FieldValue): FieldValue {
  if (typeof value === 'string') return value.slice(0, LONGEST_TEXT);
  if (!Array.isArray(value)) return value;
  return value.slice(0, 50).map((each) => (typeof each === 'string' ? each.slice(0, LONGEST_TEXT) : each));
}
