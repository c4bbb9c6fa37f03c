// The state of one HubSpot account: its records, properties, links, forms, e-mails, lists and
// events. No HTTP here.
import { randomUUID } from 'node:crypto';
import type { SandboxClock } from '../../clock.ts';
import { OBJECT_KINDS, OBJECT_TYPES, type ObjectType } from '../object-types.ts';
import { lifecycleDateProperty } from '../properties/contact-properties.ts';
import type { PropertyRegistry } from '../properties/property-registry.ts';
import { standardRegistry } from '../properties/standard-properties.ts';
import { CALCULATION, type ChangeSource, changeSourceOf, USER } from '../records/change-source.ts';
import { addressesOf } from '../records/contact-addresses.ts';
import { DatedList } from '../records/dated-list.ts';
import { LinkStore } from '../records/link-store.ts';
import { type CrmRecord, type Properties, RecordTable, type RecordTimes } from '../records/record-table.ts';
import type { Tier } from '../tier.ts';
import { ContactLists } from './contact-lists.ts';
import { MarketingEmails } from './marketing-emails.ts';
import { MarketingEvents } from './marketing-events.ts';
import { type Pipeline, pipelineProperties, STANDARD_PIPELINES, type Stage } from './pipelines.ts';
import type { PortalChange } from './portal-change.ts';
import type { Form, PageVisit, ValidationRule } from './portal-items.ts';

export interface PortalSettings {
  readonly tier: Tier;
  readonly clock: SandboxClock;
  /** Delay until search and event endpoints return a change. */
  readonly searchLagMs: number;
}

export class Portal {
  readonly id = 145_873_201;
  readonly appId = 2_930_857;
  readonly accessToken: string = `pat-na1-${randomUUID()}`;
  readonly clientSecret: string = randomUUID();
  readonly tier: Tier;
  readonly clock: SandboxClock;
  readonly links = new LinkStore();
  readonly forms = new Map<string, Form>();
  readonly visits = new DatedList<PageVisit>();
  readonly emails = new MarketingEmails();
  readonly lists = new ContactLists();
  readonly marketingEvents = new MarketingEvents();
  pipelines: readonly Pipeline[] = STANDARD_PIPELINES;
  /** Called after each change; null = no listener. */
  onChange: ((change: PortalChange) => void) | null = null;
  readonly #archivedLinks = new Map<string, ReturnType<LinkStore['removeAll']>>();
  /** The portal's own rules, which apply to every write. */
  validationRules: readonly ValidationRule[] = [];
  /** Delay (ms) until search and event endpoints return a change. */
  searchLagMs: number;
  /** Delay (ms) until a form lists a new submission. */
  formLagMs = 0;
  readonly #tables: ReadonlyMap<ObjectType, RecordTable>;
  readonly #registries: ReadonlyMap<ObjectType, PropertyRegistry>;

  constructor(settings: PortalSettings) {
    this.tier = settings.tier;
    this.clock = settings.clock;
    this.searchLagMs = settings.searchLagMs;
    this.#tables = new Map(OBJECT_TYPES.map((type) => [type, new RecordTable(OBJECT_KINDS[type])]));
    this.#registries = new Map(OBJECT_TYPES.map((type) => [type, standardRegistry(type, settings.tier)]));
  }

  table(type: ObjectType): RecordTable {
    return defined(this.#tables.get(type));
  }

  registry(type: ObjectType): PropertyRegistry {
    return defined(this.#registries.get(type));
  }

  /** Adds a stage to a pipeline, and the deal properties that depend on it. */
  addStage(pipelineId: string, stage: Stage): void {
    this.pipelines = this.pipelines.map((each) =>
      each.id === pipelineId ? { ...each, stages: [...each.stages, stage] } : each,
    );
    for (const property of pipelineProperties(this.pipelines)) this.registry('deals').define(property);
  }

  /** When search begins to return a change that is made now (epoch ms). */
  indexFrom(): number {
    return this.clock.now() + this.searchLagMs;
  }

  /** When its form begins to list a submission that is made now (epoch ms). */
  formsFrom(): number {
    return this.formLagMs === 0 ? Number.NEGATIVE_INFINITY : this.clock.now() + this.formLagMs;
  }

  /** Creates a record now. */
  create(type: ObjectType, properties: Properties, by = USER): CrmRecord {
    const now = this.clock.now();
    return this.add(type, properties, { created: now, modified: now, indexFrom: this.indexFrom() }, by);
  }

  /** Creates a record with the given times. */
  add(type: ObjectType, properties: Properties, at: RecordTimes, by = USER): CrmRecord {
    const record = this.table(type).add(properties, at, by);
    this.onChange?.({ kind: 'created', type, id: record.id, by });
    return record;
  }

  /**
   * Writes values now, as a user or an app. The modification time changes even if all values are
   * equal.
   */
  write(type: ObjectType, record: CrmRecord, values: Properties, by: ChangeSource = USER): CrmRecord {
    const now = this.clock.now();
    const all = withStageDate(type, record, values, now);
    const written = this.table(type).write(record, all, now, this.indexFrom(), { at: now, by });
    this.onChange?.({ kind: 'changed', type, id: record.id, values: changedValues(record, all), by });
    return written;
  }

  link(from: ObjectType, fromId: string, to: ObjectType, toId: string, primary = false, by = USER): void {
    this.links.link(from, fromId, to, toId, primary);
    const ends = { from: { type: from, id: fromId }, to: { type: to, id: toId } };
    this.onChange?.({ kind: 'linked', ...ends, primary, by });
  }

  unlink(from: ObjectType, fromId: string, to: ObjectType, toId: string, primary = false, by = USER): void {
    this.links.unlink(from, fromId, to, toId);
    const ends = { from: { type: from, id: fromId }, to: { type: to, id: toId } };
    this.onChange?.({ kind: 'unlinked', ...ends, primary, by });
  }

  archive(type: ObjectType, record: CrmRecord): void {
    this.table(type).archive(record, this.clock.now(), this.indexFrom());
    this.#archivedLinks.set(`${type}/${record.id}`, this.links.removeAll(type, record.id));
    if (type === 'contacts') this.#removeFromGroups(record.id);
    this.onChange?.({ kind: 'deleted', type, id: record.id, by: USER });
  }

  /** Restores a deleted record with its links to records that still exist. */
  restore(type: ObjectType, record: CrmRecord): CrmRecord {
    const restored = this.table(type).restore(record, this.clock.now(), this.indexFrom());
    for (const { type: other, link } of this.#archivedLinks.get(`${type}/${record.id}`) ?? []) {
      if (this.table(other).find(link.to)) this.links.link(type, record.id, other, link.to, link.primary);
    }
    this.onChange?.({ kind: 'restored', type, id: record.id, by: USER });
    return restored;
  }

  /**
   * Privacy deletion: removes the contact with its submissions, e-mail events, visits and
   * memberships.
   */
  erase(contact: CrmRecord): void {
    this.table('contacts').purge(contact.id);
    this.links.removeAll('contacts', contact.id);
    this.#archivedLinks.delete(`contacts/${contact.id}`);
    this.#removeFromGroups(contact.id);
    this.visits.remove(({ contactId }) => contactId === contact.id);
    const addresses = new Set(addressesOf(contact));
    const isOwn = (address: string) => addresses.has(address.trim().toLowerCase());
    this.emails.events.remove(({ recipient }) => isOwn(recipient));
    for (const { submissions } of this.forms.values()) {
      submissions.remove(({ values }) => values.some(({ name, value }) => name === 'email' && isOwn(value)));
    }
    this.onChange?.({ kind: 'erased', id: contact.id, by: USER });
  }

  #removeFromGroups(contactId: string): void {
    this.lists.removeFromAll(contactId);
    this.marketingEvents.removeFromAll(contactId);
  }

  /** Sets or clears the contact's only company. The contact's modification time does not change. */
  setCompany(contactId: string, companyId: string | null, by = USER): void {
    const before = this.links.linksOf('contacts', contactId, 'companies');
    for (const { to, primary } of before) {
      if (to !== companyId) this.unlink('contacts', contactId, 'companies', to, primary, by);
    }
    const isCurrent = before.some(({ to, primary }) => primary && to === companyId);
    if (companyId !== null && !isCurrent) this.link('contacts', contactId, 'companies', companyId, true, by);
    const contact = this.table('contacts').find(contactId);
    const values = new Map([['associatedcompanyid', companyId ?? '']]);
    const origin = { at: this.clock.now(), by: CALCULATION };
    if (contact) this.table('contacts').writeSilently(contact, values, this.indexFrom(), origin);
  }

  /**
   * Makes the merged contact resolve to the primary. `mergeContacts` moves values, links and
   * memberships.
   */
  mergeContact(primary: CrmRecord, merged: CrmRecord, moved: number): void {
    this.table('contacts').merge(primary, merged, this.indexFrom());
    const ids = { primaryId: primary.id, mergedId: merged.id, newId: primary.id };
    this.onChange?.({ kind: 'merged', ...ids, moved, by: USER });
  }

  /**
   * Merges two contacts into a new one: neither old ID is found any more, also not among the
   * deleted contacts (https://github.com/amp-labs/connectors/pull/3487). HubSpot reports the merge,
   * and a deletion of each old contact.
   */
  mergeContactsIntoNew(primary: CrmRecord, merged: CrmRecord, properties: Properties, moved: number): CrmRecord {
    const created = this.create('contacts', properties, changeSourceOf('MERGE_CONTACTS'));
    this.onChange?.({ kind: 'merged', primaryId: primary.id, mergedId: merged.id, newId: created.id, moved, by: USER });
    for (const old of [primary, merged]) {
      this.table('contacts').hide(old.id, this.indexFrom());
      this.onChange?.({ kind: 'deleted', type: 'contacts', id: old.id, by: USER });
    }
    return created;
  }
}

/** Adds the date property of a lifecycle stage that the contact enters. */
function withStageDate(type: ObjectType, record: CrmRecord, values: Properties, now: number): Properties {
  const stage = values.get('lifecyclestage');
  if (type !== 'contacts' || !stage || stage === record.properties.get('lifecyclestage')) return values;
  return new Map([...values, [lifecycleDateProperty(stage), new Date(now).toISOString()]]);
}

/** The values that a write really changes; webhooks report no others. */
function changedValues(record: CrmRecord, values: Properties): Properties {
  return new Map([...values].filter(([name, value]) => (record.properties.get(name) ?? '') !== value));
}

function defined<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the sandbox has no table for this object type');
  return value;
}
