// A Lead or a Contact (with its Account) -> canonical fields, and what it holds in our own fields.

import type { DirtyRecord, LeadSnapshot, RecordRef } from '../../../src/crm/connector.ts';
import type { Fields } from '../../../src/domain/lead.ts';
import type { ScoreField, ScoreFieldValues } from '../../../src/domain/score-fields.ts';
import { toInstant } from '../../../src/mapping/convert-value.ts';
import type { Mapping } from '../../../src/mapping/mapping.ts';
import { mappedProperties, projectFields } from '../../../src/mapping/project-fields.ts';
import { linkProperties, projectLinks } from '../../../src/mapping/project-links.ts';
import { writtenFields } from '../../../src/mapping/write-back.ts';
import { modstamp } from '../query/changes.ts';
import type { Row } from '../query/query.ts';

/** The objects that are people. */
export const PEOPLE = ['Lead', 'Contact'] as const;
export type PersonObject = (typeof PEOPLE)[number];

export function isPersonObject(object: string): object is PersonObject {
  return object === 'Lead' || object === 'Contact';
}

/** Ids say of which object they are: 00Q is a Lead, 003 a Contact; null for anything else. */
export function personRef(id: string): RecordRef | null {
  if (id.startsWith('00Q')) return { object: 'Lead', id };
  if (id.startsWith('003')) return { object: 'Contact', id };
  return null;
}

export interface PersonMapping {
  /** What to ask Salesforce for. */
  fieldsOf(object: PersonObject): readonly string[];
  toSnapshot(object: PersonObject, row: Row): LeadSnapshot;
  /** With what the row shows: an Account's fields come with its Contact. */
  toDirty(object: PersonObject, row: Row): DirtyRecord;
}

// Which Contact a converted Lead became, and which record outlived a merged one.
const FATE: Readonly<Record<PersonObject, readonly string[]>> = {
  Lead: ['MasterRecordId', 'IsConverted', 'ConvertedContactId'],
  Contact: ['MasterRecordId', 'AccountId'],
};

export function createPersonMapping(mapping: Mapping): PersonMapping {
  const written = writtenFields(mapping);
  const held = (values: Fields): ScoreFieldValues => {
    return Object.fromEntries(written.map(({ field, property }) => [field, readHeld(field, values[property])]));
  };
  const project = (object: PersonObject, { values }: Row) =>
    projectFields(mapping, { [object]: withAbsent(mapping, object, values) });
  const links = (object: PersonObject, { values }: Row) => projectLinks(mapping, { [object]: values });
  return {
    fieldsOf: (object) => [
      ...new Set([
        ...mappedProperties(mapping, object),
        ...linkProperties(mapping, object),
        ...written.map(({ property }) => property),
        'SystemModstamp',
        'IsDeleted',
        ...FATE[object],
      ]),
    ],
    toSnapshot: (object, row) => ({
      kind: 'lead',
      ref: { object, id: row.id },
      ...project(object, row),
      crmValues: held(row.values),
      modifiedAt: modifiedAt(row),
      companyId: textOf(row.values.AccountId),
      outcomes: [],
      links: links(object, row),
    }),
    toDirty: (object, row) => ({
      ref: { object, id: row.id },
      seen: {
        fields: project(object, row).fields,
        crmValues: held(row.values),
        modifiedAt: modifiedAt(row),
        links: links(object, row),
      },
    }),
  };
}

/** A field that this user does not see is unknown, as one that is empty. */
function withAbsent(mapping: Mapping, object: PersonObject, values: Fields): Fields {
  const empty = Object.fromEntries(mappedProperties(mapping, object).map((name) => [name, null]));
  return { ...empty, ...values };
}

function modifiedAt(row: Row): string {
  return new Date(modstamp(row)).toISOString();
}

export function textOf(value: Fields[string] | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

export function isTrue(value: Fields[string] | undefined): boolean {
  return value === true;
}

const NUMBERS: ReadonlySet<ScoreField> = new Set(['fit_score', 'behavior_score', 'total_score']);

/** Typed as we write it, so that an equal value can be recognized; what is not of that type stays as it is and differs. */
function readHeld(field: ScoreField, raw: Fields[string] | undefined): string | number | null {
  if (raw === undefined || raw === null || typeof raw === 'boolean' || Array.isArray(raw)) return null;
  if (String(raw).trim() === '') return null;
  if (NUMBERS.has(field)) {
    const number = Number(raw);
    return Number.isFinite(number) ? number : raw;
  }
  if (field !== 'scored_at') return String(raw);
  const at = toInstant(raw);
  return at === null ? String(raw) : new Date(at).toISOString();
}
