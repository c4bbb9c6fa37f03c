// A row of a Lead or a Contact (with its Account) -> canonical fields, and the values of
// Leadgrade's own fields.

import type { DirtyRecord, LeadSnapshot, RecordRef } from '../../../src/crm/connector.ts';
import type { Fields } from '../../../src/domain/lead.ts';
import type { ScoreField, ScoreFieldValues } from '../../../src/domain/score-fields.ts';
import type { Mapping } from '../../../src/mapping/mapping.ts';
import { projectEmails } from '../../../src/mapping/project-emails.ts';
import { mappedProperties, projectFields } from '../../../src/mapping/project-fields.ts';
import { linkProperties, projectLinks } from '../../../src/mapping/project-links.ts';
import { toInstant } from '../../../src/mapping/values/convert-value.ts';
import { writtenFields } from '../../../src/mapping/write-back.ts';
import { modstamp } from '../query/changes.ts';
import type { Row } from '../query/query.ts';
import { compare } from '../query/soql.ts';

/** The objects whose records are people. */
export const PEOPLE = ['Lead', 'Contact'] as const;
export type PersonObject = (typeof PEOPLE)[number];

export function isPersonObject(object: string): object is PersonObject {
  return object === 'Lead' || object === 'Contact';
}

/**
 * A Lead or Contact, by the prefix of its ID: 00Q is a Lead, 003 a Contact; null for any other
 * object.
 */
export function personRef(id: string): RecordRef | null {
  if (id.startsWith('00Q')) return { object: 'Lead', id };
  if (id.startsWith('003')) return { object: 'Contact', id };
  return null;
}

/** Excludes converted Leads: each of them continues as a Contact. */
export const NOT_CONVERTED = compare('IsConverted', '=', false);

export interface PersonMapping {
  /** The fields and paths to query. */
  fieldsOf(object: PersonObject): readonly string[];
  toSnapshot(object: PersonObject, row: Row): LeadSnapshot;
  /** With the current values of the row; the Account's fields come with the Contact. */
  toDirty(object: PersonObject, row: Row): DirtyRecord;
}

/** The Contact that a converted Lead became, and the surviving record of a merge. */
const MERGE_FIELDS: Readonly<Record<PersonObject, readonly string[]>> = {
  Lead: ['MasterRecordId', 'IsConverted', 'ConvertedContactId'],
  Contact: ['MasterRecordId', 'AccountId'],
};

export function createPersonMapping(mapping: Mapping): PersonMapping {
  const written = writtenFields(mapping);
  const crmValues = (values: Fields): ScoreFieldValues => {
    return Object.fromEntries(written.map(({ key, field, property }) => [key, parseCrmValue(field, values[property])]));
  };
  const project = (object: PersonObject, { values }: Row) =>
    projectFields(mapping, { [object]: withHiddenFields(mapping, object, values) });
  const identity = (object: PersonObject, { values }: Row) => {
    const emails = projectEmails(mapping, object, { [object]: values });
    return { links: projectLinks(mapping, { [object]: values }), ...(emails !== undefined && { emails }) };
  };
  return {
    fieldsOf: (object) => [
      ...new Set([
        ...mappedProperties(mapping, object),
        ...linkProperties(mapping, object),
        ...written.map(({ property }) => property),
        'SystemModstamp',
        'IsDeleted',
        ...MERGE_FIELDS[object],
      ]),
    ],
    toSnapshot: (object, row) => ({
      kind: 'lead',
      ref: { object, id: row.id },
      ...project(object, row),
      crmValues: crmValues(row.values),
      modifiedAt: modifiedAt(row),
      companyId: textOf(row.values.AccountId),
      outcomes: [],
      ...identity(object, row),
    }),
    toDirty: (object, row) => ({
      ref: { object, id: row.id },
      current: {
        fields: project(object, row).fields,
        crmValues: crmValues(row.values),
        modifiedAt: modifiedAt(row),
        ...identity(object, row),
      },
    }),
  };
}

/** Adds null for each field that this user cannot see: it is unknown, like an empty field. */
function withHiddenFields(mapping: Mapping, object: PersonObject, values: Fields): Fields {
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

/**
 * Converts to the type that Leadgrade writes, so that equal values compare equal. A value of
 * another type stays different.
 */
function parseCrmValue(field: ScoreField, raw: Fields[string] | undefined): string | number | null {
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
