// Turns a dated item of a CRM (meeting, form submission, page view) into an activity of the type
// that the mapping gives it.
import type { Activity, Fields, FieldValue } from '../domain/lead.ts';
import { conditionFields } from '../scoring/compile/conditions.ts';
import { compileRawCondition } from './known-values.ts';
import type { ActivityRule, Mapping } from './mapping.ts';
import { converterOf, isKnown } from './project-fields.ts';
import { isPlausibleActivity, readInstant } from './values/instants.ts';

/** An item as its stream returns it. `id` is unique over all streams: `meeting:123`. */
export interface RawActivity {
  readonly id: string;
  readonly source: string;
  readonly properties: Fields;
}

/** A rule matches the item, but its date cannot be read. */
export interface UndatedActivity {
  /** The property that holds the date. */
  readonly undated: string;
}

/** Returns null if no rule of the mapping matches the item, or if it has no date. */
export type ActivityProjector = (item: RawActivity) => Activity | UndatedActivity | null;

export function isUndated(projected: Activity | UndatedActivity | null): projected is UndatedActivity {
  return projected !== null && 'undated' in projected;
}

/**
 * The projector of a mapping, with its conditions compiled once. The first matching rule of the
 * item's stream gives the type.
 */
export function createActivityProjector(mapping: Mapping): ActivityProjector {
  const rules = (mapping.activities ?? []).map((rule) => {
    return { rule, when: rule.when === undefined ? null : compileRawCondition(rule.when, mapping) };
  });
  return ({ id, source, properties }) => {
    const found = rules.find(({ rule, when }) => {
      return rule.from === source && (when === null || when(properties) === 'matched');
    });
    return found === undefined ? null : project(mapping, found.rule, id, properties);
  };
}

function project(
  mapping: Mapping,
  rule: ActivityRule,
  id: string,
  properties: Fields,
): Activity | UndatedActivity | null {
  const property = [rule.at].flat().find((name) => isKnown(properties[name]));
  if (property === undefined) return null;
  const at = instantOf(properties[property] ?? null);
  if (at === 'empty') return null;
  if (at === null) return { undated: property };
  const attributes: Record<string, FieldValue> = {};
  for (const [attribute, source] of Object.entries(rule.attributes ?? {})) {
    attributes[attribute] = attributeValue(mapping, source, properties);
  }
  return { id, type: rule.type, at, attributes };
}

type AttributeSource = NonNullable<ActivityRule['attributes']>[string];

/** An attribute that cannot be converted is unknown. */
function attributeValue(mapping: Mapping, source: AttributeSource, properties: Fields): FieldValue {
  if (typeof source === 'object' && 'value' in source) return source.value;
  const { from, ...conversion } = typeof source === 'string' ? { from: source } : source;
  const convert = converterOf(mapping, conversion);
  for (const name of [from].flat()) {
    const converted = convert(properties[name]);
    if ('reason' in converted) return null;
    if (converted.value !== null) return converted.value;
  }
  return null;
}

/** `empty`: a date that stands for none. Null: not a date, or not of a year that an activity can have. */
function instantOf(value: FieldValue): number | 'empty' | null {
  if (value === null || typeof value === 'object') return null;
  const at = readInstant(value);
  return at === 'empty' || (at !== null && isPlausibleActivity(at)) ? at : null;
}

/** The streams with activity rules, each with the activity types of its rules. */
export function mappedSources(mapping: Mapping): ReadonlyMap<string, ReadonlySet<string>> {
  const sources = new Map<string, Set<string>>();
  for (const { from, type } of mapping.activities ?? []) {
    sources.set(from, (sources.get(from) ?? new Set()).add(type));
  }
  return sources;
}

/** The properties that the rules of one stream read: for dates, attributes and conditions. */
export function activityProperties(mapping: Mapping, source: string): readonly string[] {
  const rules = (mapping.activities ?? []).filter((rule) => rule.from === source);
  const names = rules.flatMap((rule) => {
    const attributes = Object.values(rule.attributes ?? {}).flatMap((each) => {
      if (typeof each === 'string') return each;
      return 'from' in each ? each.from : [];
    });
    return [rule.at, attributes, rule.when === undefined ? [] : conditionFields(rule.when)].flat();
  });
  return [...new Set(names)];
}
