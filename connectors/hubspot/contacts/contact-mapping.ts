// A HubSpot contact (and its company) -> canonical fields, and what it holds in our own properties.

import type { DirtyRecord, LeadSnapshot, RecordRef } from '../../../src/crm/connector.ts';
import type { Fields } from '../../../src/domain/lead.ts';
import type { ScoreField, ScoreFieldValues } from '../../../src/domain/score-fields.ts';
import { toInstant } from '../../../src/mapping/convert-value.ts';
import { type Mapping, outcomeSources } from '../../../src/mapping/mapping.ts';
import { mappedProperties, projectFields, sourcesOf } from '../../../src/mapping/project-fields.ts';
import { linkProperties, projectLinks } from '../../../src/mapping/project-links.ts';
import { writtenFields } from '../../../src/mapping/write-back.ts';
import type { HubSpotObject, ListedLinks } from '../http/responses.ts';
import { chooseCompany } from '../objects/object-reads.ts';
import { countersOf, mappedCounters } from './counters.ts';
import { LIFECYCLE_PROPERTIES, lifecycleOutcomes } from './lifecycle.ts';

export interface ContactMapping {
  /** What to ask HubSpot for. */
  readonly contactProperties: readonly string[];
  readonly companyProperties: readonly string[];
  /** Whether any field comes from companies; if not, they are never read. */
  readonly usesCompanies: boolean;
  toSnapshot(contact: HubSpotObject, company: HubSpotObject | null): LeadSnapshot;
  toDirty(contact: HubSpotObject): DirtyRecord;
}

// A merged contact lists the ids that it took over; reads by those answer with it.
export const MERGED_IDS = 'hs_merged_object_ids';

/** The ids that a contact took over. */
export function mergedIds(contact: HubSpotObject): readonly string[] {
  return idsIn(contact.properties[MERGED_IDS] ?? null);
}

/** A value of the property with those ids. */
export function idsIn(value: string | null): readonly string[] {
  const listed = (value ?? '').split(';').map((each) => each.trim());
  return listed.filter((each) => each !== '');
}

export function createContactMapping(mapping: Mapping): ContactMapping {
  const written = writtenFields(mapping);
  const companyProperties = mappedProperties(mapping, 'companies');
  const own = ownFields(mapping);
  const hasLifecycle = outcomeSources(mapping).has('lifecycle');
  const counters = mappedCounters(mapping);
  const held = (properties: Fields): ScoreFieldValues => {
    return Object.fromEntries(written.map(({ field, property }) => [field, readHeld(field, properties[property])]));
  };
  return {
    contactProperties: [
      ...new Set([
        ...mappedProperties(mapping, 'contacts'),
        ...linkProperties(mapping, 'contacts'),
        ...written.map(({ property }) => property),
        ...[...counters.values()].map(({ property }) => property),
        'lastmodifieddate',
        MERGED_IDS,
        ...(hasLifecycle ? LIFECYCLE_PROPERTIES : []),
      ]),
    ],
    companyProperties,
    usesCompanies: companyProperties.length > 0,
    toSnapshot: (contact, company) => ({
      kind: 'lead',
      ref: contactRef(contact.id),
      ...projectFields(mapping, { contacts: contact.properties, companies: company?.properties ?? {} }),
      crmValues: held(contact.properties),
      modifiedAt: modifiedAt(contact),
      companyId: company?.id ?? null,
      outcomes: hasLifecycle ? lifecycleOutcomes(contact) : [],
      counters: countersOf(counters, contact),
      links: projectLinks(mapping, { contacts: contact.properties }),
    }),
    toDirty: (contact) => {
      const ref = contactRef(contact.id);
      // A field that a company could fill as well cannot be compared without it: read such records again. And those that took
      // over others: which ones, only a read tells.
      if (own === null || mergedIds(contact).length > 0) return { ref };
      const { fields } = projectFields(own, { contacts: contact.properties });
      const counts = countersOf(counters, contact);
      return {
        ref,
        seen: {
          fields,
          crmValues: held(contact.properties),
          modifiedAt: modifiedAt(contact),
          counters: counts,
          links: projectLinks(mapping, { contacts: contact.properties }),
        },
      };
    },
  };
}

/** The mapping without the fields of companies; null when a field mixes both. */
function ownFields(mapping: Mapping): Mapping | null {
  const fields = Object.entries(mapping.fields).map(([field, source]) => {
    const objects = new Set(sourcesOf(source).map((each) => each.object));
    return { field, source, own: objects.has('contacts'), mixed: objects.has('contacts') && objects.size > 1 };
  });
  if (fields.some(({ mixed }) => mixed)) return null;
  const kept = fields.filter(({ own }) => own).map(({ field, source }) => [field, source] as const);
  return { ...mapping, fields: Object.fromEntries(kept) };
}

export function contactRef(id: string): RecordRef {
  return { object: 'contacts', id };
}

const NUMBERS: ReadonlySet<ScoreField> = new Set(['fit_score', 'behavior_score', 'total_score']);

/** Typed as we write it, so that an equal value can be recognized; what is not of that type stays text and differs. */
function readHeld(field: ScoreField, raw: Fields[string] | undefined): string | number | null {
  if (typeof raw !== 'string' || raw.trim() === '') return null;
  if (NUMBERS.has(field)) {
    const number = Number(raw);
    return Number.isFinite(number) ? number : raw;
  }
  if (field !== 'scored_at') return raw;
  const at = toInstant(raw);
  return at === null ? raw : new Date(at).toISOString();
}

/** When HubSpot last changed the object (ISO): contacts and other objects name the property differently. */
export function modifiedAt(object: HubSpotObject): string {
  const raw = object.properties.lastmodifieddate ?? object.properties.hs_lastmodifieddate ?? object.updatedAt ?? null;
  const at = raw === null ? null : toInstant(raw);
  // Without any time it counts as changed at the beginning: it is read, and never thought newer than it is.
  return new Date(at ?? 0).toISOString();
}

// The list and the single read name the link to the primary company this way; the others end in `_unlabeled`.
const PRIMARY_LINK = 'contact_to_company';

/** The company of a contact that was listed with `associations=companies`. */
export function listedCompany(links: ListedLinks | undefined): string | null {
  const all = (links?.results ?? []).map(({ id, type }) => ({ id, primary: type === PRIMARY_LINK }));
  return chooseCompany(all);
}
