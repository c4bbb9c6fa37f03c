// mappings/events.yaml: turns events of the team's own site or product into activities, with the
// same rules as a CRM's mapping. An event that no rule matches is not stored as an activity.
import { z } from 'zod';
import type { Fields, FieldValue } from '../domain/lead.ts';
import type { Problem } from '../domain/problem.ts';
import { SITE_EVENT_KINDS, type SiteEventProjector } from '../domain/site-event.ts';
import { type Condition, conditionFields, lacksField } from '../scoring/compile/conditions.ts';
import { conditionSchema } from '../scoring/schemas/condition-schema.ts';
import { parseYaml } from '../yaml/parse-yaml.ts';
import type { Path } from '../yaml/paths.ts';
import { canonicalName, constantSource, conversionShape, type Mapping, oneOrMore, tablesSchema } from './mapping.ts';
import {
  activityTypeProblems,
  attributeTables,
  hasErrors,
  type MakeProblem,
  problemMaker,
  ruleTypes,
  tableProblems,
} from './mapping-checks.ts';
import { createActivityProjector, isUndated } from './project-activities.ts';
import { unknownShape } from './values/unknown-texts.ts';

const MESSAGE_FIELD = /^(event|name|category|(properties|traits|context)\..+)$/;
const messageField = z
  .string()
  .regex(
    MESSAGE_FIELD,
    'must be a field of the message: event, name, category, properties.<name>, traits.<name> or context.<name>',
  );

const attributeSource = z.union([
  messageField,
  constantSource,
  z.strictObject({
    from: oneOrMore(messageField).describe('The message field; in a list, the first field with a value counts.'),
    ...conversionShape,
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
      'A condition on the message: event (the name of a track), name, properties.<name> ... Unknown counts as unmatched.',
    ),
  attributes: z
    .record(canonicalName, attributeSource)
    .optional()
    .describe(
      'Attributes for the `where` of a signal, each with its message field, or { value: ... } for a constant. Nothing else is stored.',
    ),
});

export const eventsMappingSchema = z.strictObject({
  activities: z
    .array(eventRule)
    .describe('The first rule that matches a message gives its type; a message without a match is ignored.'),
  ...unknownShape,
  tables: tablesSchema.optional().describe('Translations of values, by name: { form: { f_12: Request a demo } }.'),
});

export type EventsMapping = z.infer<typeof eventsMappingSchema>;

/**
 * @param text the content of the file (YAML)
 * @param file the file name for problems
 * @returns the mapping, or null with at least one problem of level `error`; warnings come with a
 *   mapping
 */
export function readEventsMapping(
  text: string,
  file: string,
): { mapping: EventsMapping | null; problems: readonly Problem[] } {
  const { value, problems, locate } = parseYaml(text, file, eventsMappingSchema, 'events');
  if (value === null) return { mapping: null, problems };
  const problem = problemMaker(file, locate);
  const found = [
    ...activityTypeProblems(ruleTypes(value.activities), problem),
    ...value.activities.flatMap(({ when }, index) => conditionProblems(when, ['activities', index, 'when'], problem)),
    ...tableProblems(attributeTables(value.activities), value.tables, problem),
  ];
  return { mapping: hasErrors(found) ? null : value, problems: found };
}

function conditionProblems(when: Condition | undefined, path: Path, problem: MakeProblem): readonly Problem[] {
  if (when === undefined) return [];
  if (lacksField(when))
    return [
      problem(
        'error',
        path,
        'the condition does not say which field of the message it is about.',
        'Add field, for example { field: event, is: Signed Up }.',
      ),
    ];
  return conditionFields(when)
    .filter((field) => !MESSAGE_FIELD.test(field))
    .map((field) => {
      const fix = `Use event, name, category, properties.${field}, traits.${field} or context.${field}.`;
      return problem('error', path, `unknown message field "${field}".`, fix);
    });
}

/** The projector of a mapping, with its conditions compiled once. */
export function createEventProjector({ activities, tables, unknown, known }: EventsMapping): SiteEventProjector {
  const rules = activities.flatMap(({ from, ...rule }) =>
    [from].flat().map((kind) => ({ ...rule, from: kind, at: 'at' })),
  );
  const mapping: Mapping = { crm: 'site', fields: {}, write_back: {}, activities: rules, tables, unknown, known };
  const project = createActivityProjector(mapping);
  return ({ kind, messageId, at, properties }) => {
    const found = project({
      id: messageId,
      source: kind,
      properties: { ...properties, at: new Date(at).toISOString() },
    });
    return found === null || isUndated(found) ? null : { type: found.type, attributes: shortened(found.attributes) };
  };
}

const MAX_TEXT_LENGTH = 1_000;
const MAX_LIST_LENGTH = 50;

/** Attributes are stored with each activity, so long texts and lists are cut. */
function shortened(attributes: Fields): Fields {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, shortValue(value)]));
}

function shortValue(value: FieldValue): FieldValue {
  if (typeof value === 'string') return value.slice(0, MAX_TEXT_LENGTH);
  if (!Array.isArray(value)) return value;
  return value
    .slice(0, MAX_LIST_LENGTH)
    .map((each) => (typeof each === 'string' ? each.slice(0, MAX_TEXT_LENGTH) : each));
}
