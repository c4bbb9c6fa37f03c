// The fields that Salesforce keeps for us on Lead and Contact: what each must be. apps/salesforce deploys the same ones.
// https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/tooling_api_objects_customfield.htm

import type { WriteTarget } from '../../../src/crm/connector.ts';
import type { ScoreField } from '../../../src/domain/score-fields.ts';
import { GRADES } from '../../../src/domain/score-result.ts';
import type { Mapping } from '../../../src/mapping/mapping.ts';
import { writtenFields } from '../../../src/mapping/write-back.ts';
import { PEOPLE, type PersonObject } from '../people/person-mapping.ts';
import type { DescribedField } from '../query/describe.ts';
import { MAX_TEXT } from '../write/write-scores.ts';

interface FieldKind {
  readonly label: string;
  /** As the Tooling API names it. */
  readonly type: 'Number' | 'Text' | 'LongTextArea' | 'Picklist' | 'DateTime';
  /** As a description of the object names it. */
  readonly described: 'double' | 'string' | 'textarea' | 'picklist' | 'datetime';
  readonly size: Readonly<Record<string, number>>;
  /** Takes the values of its list alone. */
  readonly restricted?: boolean;
  readonly description: string;
}

// Points of a model may be many, and less than none.
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
    // A model that is changed writes other values at once.
    restricted: false,
    description: 'What to do with the person, as the scoring model says. Written by Leadgrade.',
  },
  explanation: {
    type: 'LongTextArea',
    described: 'textarea',
    size: { length: MAX_TEXT, visibleLines: 12 },
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

/** What reps write and we only read. */
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

export interface WantedField extends FieldKind {
  readonly object: PersonObject;
  readonly name: string;
  /** `Lead.Leadgrade_Status__c` */
  readonly fullName: string;
  /** Of a picklist. */
  readonly values: readonly PicklistValue[];
  /** We write it; else reps do. */
  readonly isScore: boolean;
}

/** On both objects: what the mapping wants to write, with the values that the model needs, and what reps answer in. */
export function wantedFields(mapping: Mapping, target: WriteTarget): readonly WantedField[] {
  const scores = writtenFields(mapping).map(({ field, property }) => {
    return { ...KINDS[field], name: property, values: valuesOf(field, target), isScore: true };
  });
  const feedback = FEEDBACK.map((each) => ({ ...each, isScore: false }));
  return PEOPLE.flatMap((object) =>
    [...scores, ...feedback].map((each) => {
      return { ...each, object, label: `Leadgrade: ${each.label}`, fullName: `${object}.${each.name}` };
    }),
  );
}

function valuesOf(field: ScoreField, { statuses }: WriteTarget): readonly PicklistValue[] {
  if (field === 'fit_grade') return GRADES.map((grade) => ({ value: grade, label: grade }));
  return field === 'status' ? statuses : [];
}

/** What keeps an existing field from holding ours, in words; null = nothing. */
export function wrongType({ described, size }: WantedField, there: DescribedField): string | null {
  if (there.type !== described) return `has the type ${there.type}, not ${described}`;
  const { length = 0 } = size;
  return there.length < length && described === 'textarea' ? `holds ${there.length} characters, not ${length}` : null;
}

/** Values of the list that the model needs and the field lacks. */
export function missingValues(wanted: WantedField, there: readonly string[]): readonly PicklistValue[] {
  const known = new Set(there);
  return wanted.values.filter(({ value }) => !known.has(value));
}

/** Of a described field. */
export function activeValues({ picklistValues }: DescribedField): readonly string[] {
  return picklistValues.filter(({ active }) => active).map(({ value }) => value);
}

/** A field's definition for the Tooling API. */
export function metadataOf({ type, label, description, size, values, restricted = false }: WantedField) {
  if (type !== 'Picklist') return { type, label, description, ...size };
  const value = values.map(toPicklistEntry);
  return { type, label, description, valueSet: { restricted, valueSetDefinition: { sorted: false, value } } };
}

export function toPicklistEntry({ value, label }: PicklistValue) {
  return { valueName: value, label, default: false };
}
