// The contact properties in HubSpot for Leadgrade's fields: their definitions, and those that a
// portal has.

import type { WriteTarget } from '../../../src/crm/connector.ts';
import { statusesOf } from '../../../src/crm/setup.ts';
import type { ScoreField } from '../../../src/domain/score-fields.ts';
import { GRADES } from '../../../src/domain/score-result.ts';
import type { Mapping } from '../../../src/mapping/mapping.ts';
import { writtenFields } from '../../../src/mapping/write-back.ts';
import { inPlacesOf } from '../../kit/arrange.ts';
import type { HubSpotHttp } from '../http/client.ts';
import { type HubSpotProperty, propertiesSchema } from '../http/responses/setup.ts';

export const GROUP = { name: 'leadgrade', label: 'Leadgrade' };
export const CONTACT_TYPE_ID = '0-1';

export const OTHER_PROPERTY_FIX = 'Choose another property name for this field under write_back in the mapping';

interface PropertyKind {
  readonly label: string;
  readonly type: string;
  readonly fieldType: string;
  readonly description: string;
}

const KINDS: Readonly<Record<ScoreField, PropertyKind>> = {
  fit_grade: {
    label: 'Fit grade',
    type: 'enumeration',
    fieldType: 'select',
    description: 'How well the contact fits: A to F.',
  },
  fit_score: { label: 'Fit score', type: 'number', fieldType: 'number', description: 'Points for who the contact is.' },
  behavior_score: {
    label: 'Behavior score',
    type: 'number',
    fieldType: 'number',
    description: 'Points for what the contact did; fades with time.',
  },
  total_score: { label: 'Total score', type: 'number', fieldType: 'number', description: 'Fit plus behavior.' },
  status: { label: 'Lead status', type: 'enumeration', fieldType: 'select', description: 'What to do with the lead.' },
  explanation: {
    label: 'Score explanation',
    type: 'string',
    fieldType: 'textarea',
    description: 'Why the lead has this score. Its lines add up.',
  },
  scored_at: { label: 'Scored at', type: 'datetime', fieldType: 'date', description: 'When the score was computed.' },
  model: { label: 'Scoring model', type: 'string', fieldType: 'text', description: 'Name and version of the model.' },
};

export interface Option {
  readonly value: string;
  readonly label: string;
  readonly displayOrder: number;
  readonly hidden: boolean;
}

export interface WantedProperty extends PropertyKind {
  readonly field: ScoreField;
  readonly name: string;
  readonly options: readonly Option[];
}

/** `leadgrade_expansion_fit_grade` */
export function modelProperty(model: string, field: ScoreField): string {
  return `leadgrade_${model}_${field}`;
}

/** The properties that the mapping writes, with the options that the model requires. */
export function wantedProperties(mapping: Mapping, target: WriteTarget): readonly WantedProperty[] {
  return writtenFields(mapping).map(({ field, model, property }) => {
    const kind = KINDS[field];
    const label = `Leadgrade${model === null ? '' : ` ${model}`}: ${kind.label.toLowerCase()}`;
    return { ...kind, label, field, name: property, options: optionsOf(field, statusesOf(target, model)) };
  });
}

function optionsOf(field: ScoreField, statuses: WriteTarget['statuses']): readonly Option[] {
  const values = field === 'fit_grade' ? GRADES.map((grade) => ({ value: grade, label: grade })) : statuses;
  if (field !== 'fit_grade' && field !== 'status') return [];
  return values.map(({ value, label }, displayOrder) => ({ value, label, displayOrder, hidden: false }));
}

/** The portal's contact properties by name, without archived ones. */
export async function readContactProperties(
  http: HubSpotHttp,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, HubSpotProperty>> {
  return (await readProperties(http, { type: 'contacts', name: 'contact' }, signal)).existing;
}

interface DescribedProperties {
  /** By name, without archived ones. */
  readonly existing: ReadonlyMap<string, HubSpotProperty>;
  /** False: some of them could not be parsed, or the list is empty. One that is not among `existing` can exist. */
  readonly isWhole: boolean;
}

/** The portal's properties of one object type. */
export async function readProperties(
  http: HubSpotHttp,
  { type, name }: { readonly type: string; readonly name: string },
  signal: AbortSignal,
): Promise<DescribedProperties> {
  const path = http.paths.properties(type);
  const response = await http.call(
    { what: `reading ${name} properties`, path, responseSchema: propertiesSchema },
    signal,
  );
  const { valid, unexpected } = response.results;
  const existing = valid
    .filter(({ archived }) => archived !== true)
    .map((property) => [property.name, property] as const);
  return { existing: new Map(existing), isWhole: unexpected.length === 0 && valid.length > 0 };
}

/** How options that exist differ from the model: `hot is labelled "Hot", not "Burning"`. */
export function changedOptions(wanted: WantedProperty, existing: HubSpotProperty): readonly string[] {
  const byValue = new Map(existing.options.map((option) => [option.value, option]));
  const labels = wanted.options.flatMap(({ value, label }) => {
    const found = byValue.get(value)?.label;
    return found === undefined || found === label ? [] : [`${value} is labelled "${found}", not "${label}"`];
  });
  const wantedOrder = wanted.options.flatMap(({ value }) => (byValue.has(value) ? [value] : []));
  const order = ordered(existing).flatMap(({ value }) => (wantedOrder.includes(value) ? [value] : []));
  if (order.join() === wantedOrder.join()) return labels;
  return [...labels, `the order is ${order.join(', ')}, not ${wantedOrder.join(', ')}`];
}

/** All options of the property after setup: those of the model in its order, others where they are. */
export function arrangedOptions(wanted: WantedProperty, existing: HubSpotProperty): readonly Option[] {
  const own = new Set(wanted.options.map(({ value }) => value));
  const hidden = new Set(existing.options.flatMap((option) => (option.hidden === true ? [option.value] : [])));
  return inPlacesOf<Pick<Option, 'value' | 'label'>>(
    ordered(existing),
    ({ value }) => own.has(value),
    wanted.options,
  ).map(({ value, label }, displayOrder) => {
    return { value, label, displayOrder, hidden: hidden.has(value) };
  });
}

/**
 * As HubSpot shows them: an order of -1 comes last.
 * https://developers.hubspot.com/docs/guides/api/crm/properties
 */
function ordered({ options }: HubSpotProperty): HubSpotProperty['options'] {
  const place = (order: number | undefined) => (order === undefined || order < 0 ? Infinity : order);
  return options.toSorted((a, b) => place(a.displayOrder) - place(b.displayOrder) || 0);
}

/** The options that the model requires and the property lacks. */
export function missingOptions(wanted: WantedProperty, existing: HubSpotProperty): readonly Option[] {
  const present = new Set(existing.options.map((option) => option.value));
  return wanted.options.filter((option) => !present.has(option.value));
}
