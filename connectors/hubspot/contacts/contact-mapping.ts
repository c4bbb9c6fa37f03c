// A HubSpot contact and its company -> canonical fields and CRM values.

import type { DirtyRecord, LeadSnapshot, RecordRef } from '../../../src/crm/connector.ts';
import type { Fields } from '../../../src/domain/lead.ts';
import type { ScoreField, ScoreFieldValues } from '../../../src/domain/score-fields.ts';
import { type Mapping, outcomeSources } from '../../../src/mapping/mapping.ts';
import { projectEmails } from '../../../src/mapping/project-emails.ts';
import { mappedProperties, projectFields, sourcesOf } from '../../../src/mapping/project-fields.ts';
import { linkProperties, projectLinks } from '../../../src/mapping/project-links.ts';
import { toInstant } from '../../../src/mapping/values/convert-value.ts';
import { writtenFields } from '../../../src/mapping/write-back.ts';
import type { HubSpotObject } from '../http/responses/objects.ts';
import { modifiedAt } from '../objects/modified-at.ts';
import { countersOf, mappedCounters } from './counters.ts';
import { LIFECYCLE_PROPERTIES, lifecycleOutcomes } from './lifecycle.ts';

export interface ContactMapping {
  /** The properties to read. */
  readonly contactProperties: readonly string[];
  readonly companyProperties: readonly string[];
  /** At least one field comes from companies; otherwise companies are never read. */
  readonly usesCompanies: boolean;
  toSnapshot(contact: HubSpotObject, company: HubSpotObject | null): LeadSnapshot;
  toDirty(contact: HubSpotObject): DirtyRecord;
}

// The IDs of the contacts that were merged into a contact. A read by one of them returns the
// survivor.
export const MERGED_IDS = 'hs_merged_object_ids';

/** The IDs of the contacts that were merged into this one. */
export function mergedIds(contact: HubSpotObject): readonly string[] {
  return parseMergedIds(contact.properties[MERGED_IDS] ?? null);
}

/** @param value a current or former value of the property */
export function parseMergedIds(value: string | null): readonly string[] {
  const ids = (value ?? '').split(';').map((id) => id.trim());
  return ids.filter((id) => id !== '');
}

export function createContactMapping(mapping: Mapping): ContactMapping {
  const written = writtenFields(mapping);
  const companyProperties = mappedProperties(mapping, 'companies');
  const contactOnly = withoutCompanyFields(mapping);
  const hasLifecycle = outcomeSources(mapping).has('lifecycle');
  const counters = mappedCounters(mapping);
  const crmValuesOf = (properties: Fields): ScoreFieldValues => {
    return Object.fromEntries(
      written.map(({ key, field, property }) => [key, parseCrmValue(field, properties[property])]),
    );
  };
  const stateOf = (contact: HubSpotObject) => ({
    crmValues: crmValuesOf(contact.properties),
    modifiedAt: modifiedAt(contact),
    counters: countersOf(counters, contact),
    links: projectLinks(mapping, { contacts: contact.properties }),
    // Further properties under `contact.email` are addresses, too.
    emails: [...emailsOf(contact), ...(projectEmails(mapping, 'contacts', { contacts: contact.properties }) ?? [])],
  });
  return {
    contactProperties: contactPropertiesOf(mapping),
    companyProperties,
    usesCompanies: companyProperties.length > 0,
    toSnapshot: (contact, company) => ({
      kind: 'lead',
      ref: contactRef(contact.id),
      ...projectFields(mapping, { contacts: contact.properties, companies: company?.properties ?? {} }),
      ...stateOf(contact),
      companyId: company?.id ?? null,
      outcomes: hasLifecycle ? lifecycleOutcomes(contact) : [],
    }),
    toDirty: (contact) => {
      const ref = contactRef(contact.id);
      // A field with both a contact and a company source cannot be compared without the company. A
      // contact with merged IDs must be read to find the new ones. Both are read again.
      if (contactOnly === null || mergedIds(contact).length > 0) return { ref };
      const { fields } = projectFields(contactOnly, { contacts: contact.properties });
      return { ref, current: { fields, ...stateOf(contact) } };
    },
  };
}

function contactPropertiesOf(mapping: Mapping): readonly string[] {
  const properties = new Set([
    ...mappedProperties(mapping, 'contacts'),
    ...linkProperties(mapping, 'contacts'),
    ...writtenFields(mapping).map(({ property }) => property),
    ...[...mappedCounters(mapping).values()].map(({ property }) => property),
    'lastmodifieddate',
    ...EMAIL_PROPERTIES,
    MERGED_IDS,
    ...(outcomeSources(mapping).has('lifecycle') ? LIFECYCLE_PROPERTIES : []),
  ]);
  return [...properties];
}

// The primary address, and the secondary ones, for example those of merged contacts
// (https://legacydocs.hubspot.com/docs/methods/contacts/get-secondary-email-addresses-by-vid).
export const EMAIL_PROPERTIES: readonly string[] = ['email', 'hs_additional_emails'];

/** The distinct addresses of a contact in lower case, the primary one first. */
export function emailsOf({ properties }: HubSpotObject): readonly string[] {
  const addresses = EMAIL_PROPERTIES.flatMap((name) => (properties[name] ?? '').split(';'));
  return [...new Set(addresses.map((address) => address.trim().toLowerCase()).filter((address) => address !== ''))];
}

/** The mapping without the fields of companies; null when one field has sources in both objects. */
function withoutCompanyFields(mapping: Mapping): Mapping | null {
  const fields = Object.entries(mapping.fields).map(([field, source]) => {
    const objects = new Set(sourcesOf(source).map(({ object }) => object));
    const isOfContact = objects.has('contacts');
    return { field, source, isOfContact, isMixed: isOfContact && objects.size > 1 };
  });
  if (fields.some(({ isMixed }) => isMixed)) return null;
  const ofContact = fields.filter(({ isOfContact }) => isOfContact);
  return { ...mapping, fields: Object.fromEntries(ofContact.map(({ field, source }) => [field, source] as const)) };
}

export function contactRef(id: string): RecordRef {
  return { object: 'contacts', id };
}

const NUMBER_FIELDS: ReadonlySet<ScoreField> = new Set(['fit_score', 'behavior_score', 'total_score']);

/**
 * Returns the type that Leadgrade writes, so that equal values compare equal. A value of another
 * type stays text.
 */
function parseCrmValue(field: ScoreField, raw: Fields[string] | undefined): string | number | null {
  if (typeof raw !== 'string' || raw.trim() === '') return null;
  if (NUMBER_FIELDS.has(field)) {
    const number = Number(raw);
    return Number.isFinite(number) ? number : raw;
  }
  if (field !== 'scored_at') return raw;
  const at = toInstant(raw);
  return at === null ? raw : new Date(at).toISOString();
}
