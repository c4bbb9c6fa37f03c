// The definitions of the Leadgrade fields on Lead and Contact. apps/salesforce deploys the same
// fields.
// https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/tooling_api_objects_customfield.htm

import type { WriteTarget } from '../../../src/crm/connector.ts';
import { statusesOf } from '../../../src/crm/setup.ts';
import type { ScoreField } from '../../../src/domain/score-fields.ts';
import { GRADES } from '../../../src/domain/score-result.ts';
import type { Mapping } from '../../../src/mapping/mapping.ts';
import { writtenFields } from '../../../src/mapping/write-back.ts';
import { PEOPLE, type PersonObject } from '../people/person-mapping.ts';
import type { DescribedField } from '../query/described-object.ts';
import { MAX_TEXT_LENGTH } from '../write/write-scores.ts';

interface FieldKind {
  readonly label: string;
  /** The type in the Tooling API. */
  readonly type: 'Number' | 'Text' | 'LongTextArea' | 'Picklist' | 'DateTime';
  /** The type in the description of the object. */
  readonly described: 'double' | 'string' | 'textarea' | 'picklist' | 'datetime';
  readonly size: Readonly<Record<string, number>>;
  /** A picklist that accepts only its listed values. */
  readonly restricted?: boolean;
  readonly description: string;
}

// A model may give large and negative scores.
const NUMBER = { type: 'Number', described: 'double', size: { precision: 9, scale: 0 } } as const;
const TEXT = { type: 'Text', described: 'string', size: { length: 255 } } as const;
const PICKLIST = { type: 'Picklist', described: 'picklist', size: {} } as const;

const KINDS: Readonly<Record<ScoreField, FieldKind>> = {
  fit_grade: {
    ...PICKLIST,
    label: 'fit grade',
    restricted: true,
    description:
      'How well the person and the company fit: A to F. Ungraded when too little is known. Written by Leadgrade.',
  },
  fit_score: {
    ...NUMBER,
    label: 'fit score',
    description: 'Points for who the person is. They never fade. Written by Leadgrade.',
  },
  behavior_score: {
    ...NUMBER,
    label: 'behavior score',
    description: 'Points for what the person did. They fade with time. Written by Leadgrade.',
  },
  total_score: {
    ...NUMBER,
    label: 'total score',
    description: 'Fit score plus behavior score. Written by Leadgrade.',
  },
  status: {
    ...PICKLIST,
    label: 'lead status',
    // A changed model writes new values immediately, before setup has added them.
    restricted: false,
    description: 'What to do with the person, as the scoring model says. Written by Leadgrade.',
  },
  explanation: {
    type: 'LongTextArea',
    described: 'textarea',
    size: { length: MAX_TEXT_LENGTH, visibleLines: 12 },
    label: 'score explanation',
    description:
      'Why the person has this score, line by line. The lines with a sign and a number add up to the total. Written by Leadgrade.',
  },
  scored_at: {
    type: 'DateTime',
    described: 'datetime',
    size: {},
    label: 'scored at',
    description: 'When the score was computed. Written by Leadgrade.',
  },
  model: {
    ...TEXT,
    label: 'scoring model',
    description: 'Name and version of the model that gave the score. Written by Leadgrade.',
  },
};

/** The fields that sales reps write and Leadgrade only reads. */
const FEEDBACK: readonly (FieldKind & { readonly name: string; readonly values: readonly PicklistValue[] })[] = [
  {
    ...PICKLIST,
    name: 'Leadgrade_Feedback__c',
    label: 'feedback',
    restricted: true,
    description: 'What a sales rep says of the score. Written by reps, read when the model is reviewed.',
    values: [
      { value: 'agree', label: 'Score is right' },
      { value: 'too_high', label: 'Too high' },
      { value: 'too_low', label: 'Too low' },
    ],
  },
  {
    ...TEXT,
    name: 'Leadgrade_Feedback_Reason__c',
    label: 'feedback reason',
    description: 'Why the rep says so. Written by reps, read when the model is reviewed.',
    values: [],
  },
];

interface PicklistValue {
  readonly value: string;
  readonly label: string;
}

export interface RequiredField extends FieldKind {
  readonly object: PersonObject;
  readonly name: string;
  /** `Lead.Leadgrade_Status__c` */
  readonly fullName: string;
  /** The values of a picklist; empty for other types. */
  readonly values: readonly PicklistValue[];
  /** Leadgrade writes the field; sales reps write the others. */
  readonly isScore: boolean;
}

/** `Leadgrade_Expansion_Fit_Grade__c` */
export function modelProperty(model: string, field: ScoreField): string {
  const words = `${model}_${field}`.split('_').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `Leadgrade_${words.join('_')}__c`;
}

/** A label has at most 40 characters. */
const MAX_LABEL = 40;

function labelOf(label: string, model: string | null): string {
  if (model === null) return `Leadgrade: ${label}`;
  const full = `Leadgrade ${model}: ${label}`;
  return full.length > MAX_LABEL ? `${model}: ${label}` : full;
}

/**
 * On both objects: the score fields that the mapping writes, with the picklist values of the model,
 * and the feedback fields.
 */
export function requiredFields(mapping: Mapping, target: WriteTarget): readonly RequiredField[] {
  const scores = writtenFields(mapping).map(({ field, model, property }) => {
    const values = valuesOf(field, statusesOf(target, model));
    return { ...KINDS[field], label: labelOf(KINDS[field].label, model), name: property, values, isScore: true };
  });
  const feedback = FEEDBACK.map((field) => ({ ...field, label: labelOf(field.label, null), isScore: false }));
  return PEOPLE.flatMap((object) =>
    [...scores, ...feedback].map((field) => {
      return { ...field, object, fullName: `${object}.${field.name}` };
    }),
  );
}

function valuesOf(field: ScoreField, statuses: readonly PicklistValue[]): readonly PicklistValue[] {
  if (field === 'fit_grade') return GRADES.map((grade) => ({ value: grade, label: grade }));
  return field === 'status' ? statuses : [];
}

/** Why an existing field cannot store the values, for messages; null if it can. */
export function typeMismatch({ described, size }: RequiredField, existing: DescribedField): string | null {
  if (existing.type !== described) return `has the type ${existing.type}, not ${described}`;
  const { length = 0 } = size;
  const isTooShort = existing.length < length && described === 'textarea';
  return isTooShort ? `holds ${existing.length} characters, not ${length}` : null;
}

/** The picklist values that the model needs and the field lacks. */
export function missingValues(required: RequiredField, existing: readonly string[]): readonly PicklistValue[] {
  const existingValues = new Set(existing);
  return required.values.filter(({ value }) => !existingValues.has(value));
}

interface ShownValue {
  readonly value: string;
  readonly label?: unknown;
}

/** How values that exist differ from the model: `hot is labelled "Hot", not "Burning"`. */
export function changedValues(required: RequiredField, existing: readonly ShownValue[]): readonly string[] {
  const byValue = new Map(existing.map((entry) => [entry.value, entry]));
  const labels = required.values.flatMap(({ value, label }) => {
    const found = byValue.get(value)?.label;
    return typeof found !== 'string' || found === label ? [] : [`${value} is labelled "${found}", not "${label}"`];
  });
  const wanted = required.values.flatMap(({ value }) => (byValue.has(value) ? [value] : []));
  const order = existing.flatMap(({ value }) => (wanted.includes(value) ? [value] : []));
  if (order.join() === wanted.join()) return labels;
  return [...labels, `the order is ${order.join(', ')}, not ${wanted.join(', ')}`];
}

/** The active picklist values of a described field. */
export function activeValues({ picklistValues }: DescribedField): readonly string[] {
  return picklistValues.filter(({ active }) => active).map(({ value }) => value);
}

/** The definition of a field for the Tooling API. */
export function metadataOf({ type, label, description, size, values, restricted = false }: RequiredField) {
  if (type !== 'Picklist') return { type, label, description, ...size };
  const value = values.map(toPicklistEntry);
  return { type, label, description, valueSet: { restricted, valueSetDefinition: { sorted: false, value } } };
}

export function toPicklistEntry({ value, label }: PicklistValue) {
  return { valueName: value, label, default: false };
}
