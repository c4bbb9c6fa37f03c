// The state of one HubSpot account: its records, properties, links, forms, e-mails, lists and events. No HTTP here.
import { randomUUID } from 'node:crypto';
import type { SandboxClock } from '../sandbox-clock.ts';
import { ContactLists } from './contact-lists.ts';
import { MarketingEmails } from './marketing-emails.ts';
import { MarketingEvents } from './marketing-events.ts';
import { OBJECT_KINDS, OBJECT_TYPES, type ObjectType } from './object-types.ts';
import { type Pipeline, pipelineProperties, STANDARD_PIPELINES, type Stage } from './pipelines.ts';
import { type Author, type PortalChange, USER } from './portal-change.ts';
import { lifecycleDateProperty } from './properties/contact-properties.ts';
import type { PropertyRegistry } from './properties/property-registry.ts';
import { standardRegistry } from './properties/standard-properties.ts';
import { DatedList } from './records/dated-list.ts';
import { LinkStore } from './records/link-store.ts';
import { type CrmRecord, type Learned, type Properties, RecordTable } from './records/record-table.ts';
import type { Tier } from './tier.ts';

interface Submission {
  readonly id: string;
  readonly at: number;
  readonly pageUrl: string;
  readonly values: readonly { readonly name: string; readonly value: string; readonly objectTypeId: string }[];
}

export interface Form {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly submissions: DatedList<Submission>;
}

export interface PageVisit {
  readonly id: string;
  readonly at: number;
  /** When HubSpot shows it. */
  readonly shownFrom: number;
  readonly eventType: 'e_visited_page';
  contactId: string;
  readonly properties: Readonly<Record<string, string>>;
}

export interface PortalSettings {
  readonly tier: Tier;
  readonly clock: SandboxClock;
  /** How long a change takes until search and event answers show it. */
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
  /** Is told of each change once it is made; null = nobody listens. */
  watcher: ((change: PortalChange) => void) | null = null;
  readonly #droppedLinks = new Map<string, ReturnType<LinkStore['drop']>>();
  readonly #lag: number;
  readonly #tables: ReadonlyMap<ObjectType, RecordTable>;
  readonly #registries: ReadonlyMap<ObjectType, PropertyRegistry>;

  constructor(settings: PortalSettings) {
    this.tier = settings.tier;
    this.clock = settings.clock;
    this.#lag = settings.searchLagMs;
    this.#tables = new Map(OBJECT_TYPES.map((type) => [type, new RecordTable(OBJECT_KINDS[type])]));
    this.#registries = new Map(OBJECT_TYPES.map((type) => [type, standardRegistry(type, settings.tier)]));
  }

  table(type: ObjectType): RecordTable {
    return present(this.#tables.get(type));
  }

  registry(type: ObjectType): PropertyRegistry {
    return present(this.#registries.get(type));
  }

  /** An admin adds a stage to a pipeline; the properties that follow from it are there at once. */
  addStage(pipelineId: string, stage: Stage): void {
    this.pipelines = this.pipelines.map((each) =>
      each.id === pipelineId ? { ...each, stages: [...each.stages, stage] } : each,
    );
    for (const property of pipelineProperties(this.pipelines)) this.registry('deals').define(property);
  }

  /** When search will show what happens now. */
  indexFrom(): number {
    return this.clock.now() + this.#lag;
  }

  /** A record made now. */
  create(type: ObjectType, properties: Properties, by = USER): CrmRecord {
    const now = this.clock.now();
    return this.add(type, properties, { created: now, modified: now, indexFrom: this.indexFrom() }, by);
  }

  /** A record made whenever `at` says. */
  add(type: ObjectType, properties: Properties, at: Learned, by = USER): CrmRecord {
    const record = this.table(type).add(properties, at, by.source);
    this.watcher?.({ kind: 'created', type, id: record.id, by });
    return record;
  }

  /** Values written now, by a person or an app: the modification time moves even when they are equal. */
  write(type: ObjectType, record: CrmRecord, values: Properties, by: Author = USER): CrmRecord {
    const now = this.clock.now();
    const all = withStageDate(type, record, values, now);
    const written = this.table(type).write(record, all, now, this.indexFrom(), { at: now, source: by.source });
    this.watcher?.({ kind: 'changed', type, id: record.id, values: differing(record, all), by });
    return written;
  }

  link(from: ObjectType, fromId: string, to: ObjectType, toId: string, primary = false, by = USER): void {
    this.links.link(from, fromId, to, toId, primary);
    const ends = { from: { type: from, id: fromId }, to: { type: to, id: toId } };
    this.watcher?.({ kind: 'linked', ...ends, primary, by });
  }

  unlink(from: ObjectType, fromId: string, to: ObjectType, toId: string, primary = false, by = USER): void {
    this.links.unlink(from, fromId, to, toId);
    const ends = { from: { type: from, id: fromId }, to: { type: to, id: toId } };
    this.watcher?.({ kind: 'unlinked', ...ends, primary, by });
  }

  archive(type: ObjectType, record: CrmRecord): void {
    this.table(type).archive(record, this.clock.now(), this.indexFrom());
    this.#droppedLinks.set(`${type}/${record.id}`, this.links.drop(type, record.id));
    if (type === 'contacts') this.#leaveGroups(record.id);
    this.watcher?.({ kind: 'deleted', type, id: record.id, by: USER });
  }

  /** A deleted record comes back as it was, with its links to what is still there. */
  restore(type: ObjectType, record: CrmRecord): CrmRecord {
    const restored = this.table(type).restore(record, this.clock.now(), this.indexFrom());
    for (const { type: other, link } of this.#droppedLinks.get(`${type}/${record.id}`) ?? []) {
      if (this.table(other).find(link.to)) this.links.link(type, record.id, other, link.to, link.primary);
    }
    this.watcher?.({ kind: 'restored', type, id: record.id, by: USER });
    return restored;
  }

  /** Deleted for privacy: the contact, what it sent in, what it got and what it visited are nowhere any more. */
  erase(contact: CrmRecord): void {
    this.table('contacts').purge(contact.id);
    this.links.drop('contacts', contact.id);
    this.#droppedLinks.delete(`contacts/${contact.id}`);
    this.#leaveGroups(contact.id);
    this.visits.remove(({ contactId }) => contactId === contact.id);
    const email = contact.properties.get('email');
    this.emails.events.remove(({ recipient }) => recipient === email);
    for (const { submissions } of this.forms.values()) {
      submissions.remove(({ values }) => values.some(({ name, value }) => name === 'email' && value === email));
    }
    this.watcher?.({ kind: 'erased', id: contact.id, by: USER });
  }

  #leaveGroups(contactId: string): void {
    this.lists.leaveAll(contactId);
    this.marketingEvents.leaveAll(contactId);
  }

  /** Makes the company the contact's only one, or leaves it none. The contact's modification time stays as it is. */
  setCompany(contactId: string, companyId: string | null, by = USER): void {
    const before = this.links.linksOf('contacts', contactId, 'companies');
    for (const { to, primary } of before) {
      if (to !== companyId) this.unlink('contacts', contactId, 'companies', to, primary, by);
    }
    const isHeld = before.some(({ to, primary }) => primary && to === companyId);
    if (companyId !== null && !isHeld) this.link('contacts', contactId, 'companies', companyId, true, by);
    const contact = this.table('contacts').find(contactId);
    const values = new Map([['associatedcompanyid', companyId ?? '']]);
    const origin = { at: this.clock.now(), source: 'CALCULATED' };
    if (contact) this.table('contacts').writeSilently(contact, values, this.indexFrom(), origin);
  }

  /** Makes one contact go by another's id; what the other gets of it is mergeContacts' business. */
  joinContact(primary: CrmRecord, merged: CrmRecord, moved: number): void {
    this.table('contacts').merge(primary, merged, this.indexFrom());
    this.watcher?.({ kind: 'merged', primaryId: primary.id, mergedId: merged.id, moved, by: USER });
  }
}

/** Who enters a lifecycle stage gets the date of it. */
function withStageDate(type: ObjectType, record: CrmRecord, values: Properties, now: number): Properties {
  const stage = values.get('lifecyclestage');
  if (type !== 'contacts' || !stage || stage === record.properties.get('lifecyclestage')) return values;
  return new Map([...values, [lifecycleDateProperty(stage), new Date(now).toISOString()]]);
}

/** What a write changes: no webhook tells of a value that is as it was. */
function differing(record: CrmRecord, values: Properties): Properties {
  return new Map([...values].filter(([name, value]) => (record.properties.get(name) ?? '') !== value));
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the sandbox has no table for this object type');
  return value;
}
