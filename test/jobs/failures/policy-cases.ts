// Every call of the connectors, as the sandboxes' fault script can make it fail for ever: for one item, and for all. What must follow
// is in the table of docs/operations.md.
import { z } from 'zod';
import { retryErrors } from '../../../src/store/leads/record-errors.ts';
import { groupSetAside } from '../../../src/store/set-aside/list-set-aside.ts';
import { retrySetAside } from '../../../src/store/set-aside/set-aside.ts';
import { listPauses } from '../../../src/store/sync/crm-pauses.ts';
import { leads } from '../../support/leads.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';
import type { RunningProduct } from '../../support/running-product.ts';
import { openSalesforceProduct } from '../../support/salesforce-product.ts';

export const FAILURES = ['400', '404', 'shape', '500', 'hang'] as const;
export type Failure = (typeof FAILURES)[number];

export interface Match {
  readonly method?: string;
  readonly path: string;
  readonly body?: string;
}

export interface PolicyCase {
  /** As in the table. */
  readonly call: string;
  readonly all: Match;
  /** The requests that concern one person or form; absent: the call is never about one. */
  readonly one?: (id: string, scene: Scene) => Match;
  /** Changes that reach the score without the call. */
  readonly alsoFound?: readonly Probe[];
  /** No deal is changed: it makes a Lead a Contact, which is another object. */
  readonly isWithoutDeal?: true;
  /** The call is made at night. */
  readonly isNightly?: true;
}

/** What a change of a person must reach. */
export type Probe = 'record' | 'form' | 'meeting' | 'deal';

export interface Scene {
  readonly crm: 'hubspot' | 'salesforce';
  readonly product: RunningProduct;
  /** The stream that finds the change of each probe. */
  readonly streams: Readonly<Record<Probe, string>>;
  readonly object: string;
  /** A form without a submission; empty: the CRM has none. */
  readonly otherForm: string;
  /** The ID of a person that nothing has happened to. */
  next(): string;
  faults(...rules: readonly object[]): Promise<void>;
  change(probe: Probe, id: string): Promise<unknown>;
  /** Whether the score in the CRM contains the change. */
  isScored(probe: Probe, id: string): Promise<boolean>;
  close(): Promise<void>;
}

/** The shipped model gives meetings and deals no points: they are looked for in the store. */
async function hasMeeting({ context }: RunningProduct, id: string): Promise<boolean> {
  const meetings = context.db.selectFrom('activities').select('id').where('record_id', '=', id);
  return (await meetings.where('type', '=', 'meeting').execute()).length > 0;
}

async function hasDeal({ context }: RunningProduct, id: string): Promise<boolean> {
  const deals = context.db.selectFrom('deal_outcomes').select('id').where('record_id', '=', id);
  // A won deal also makes the contact a customer, which is an outcome of its own.
  return (await deals.where('source', '<>', 'lifecycle').execute()).length > 0;
}

/** The people that an observation uses. */
export const PEOPLE_EACH = 5;
const RETRIES = { timeoutMs: 1_500, retries: 1 };

function counted(idOf: (key: string) => string): () => string {
  let used = 0;
  return () => idOf(`p${used++}`);
}

const formsSchema = z.object({ results: z.array(z.object({ id: z.string(), name: z.string() })) });

async function formWithoutSubmissions({ sandbox }: TestProduct): Promise<string> {
  const headers = { authorization: `Bearer ${sandbox.accessToken}` };
  const { results } = formsSchema.parse(await (await fetch(`${sandbox.url}/marketing/v3/forms`, { headers })).json());
  const form = results.find(({ name }) => /newsletter/i.test(name));
  if (form === undefined) throw new Error('The portal has no such form.');
  return form.id;
}

export async function openHubSpotScene(people: number): Promise<Scene> {
  const product = await openTestProduct({ dataset: leads(people), retryOptions: RETRIES });
  await product.backfill();
  return {
    crm: 'hubspot',
    product,
    streams: { record: 'contacts', form: 'form_submissions', meeting: 'meetings', deal: 'deals' },
    object: 'contacts',
    otherForm: await formWithoutSubmissions(product),
    next: counted(product.idOf),
    faults: product.faults,
    change: (probe, contactId) => {
      if (probe === 'record')
        return product.control('PATCH', `contacts/${contactId}`, { properties: { jobtitle: 'Student' } });
      if (probe === 'meeting') return product.control('POST', 'activities', { contactId, type: 'meeting' });
      if (probe === 'deal') return product.control('POST', 'deals', { contactIds: [contactId], stage: 'closedwon' });
      return product.control('POST', 'activities', {
        contactId,
        type: 'form_submission',
        attributes: { form: 'demo' },
      });
    },
    isScored: async (probe, contactId) => {
      const { properties } = await product.contact(contactId);
      if (probe === 'record') return properties.leadgrade_explanation?.includes('Student') === true;
      if (probe === 'deal') return hasDeal(product, contactId);
      return probe === 'meeting'
        ? hasMeeting(product, contactId)
        : Number(properties.leadgrade_behavior_score ?? 0) > 0;
    },
    close: product.close,
  };
}

export const HUBSPOT_CASES: readonly PolicyCase[] = [
  { call: 'details of the account', all: { path: 'account-info/.*/details' } },
  {
    call: 'contacts by ID',
    all: { path: 'objects/[^/]+/contacts/batch/read', body: '^(?!.*"idProperty":"email")' },
    one: (id) => ({ path: 'objects/[^/]+/contacts/batch/read', body: `"${id}"` }),
  },
  {
    call: 'contacts by e-mail address',
    all: { path: 'objects/[^/]+/contacts/batch/read', body: '"idProperty":"email"' },
  },
  { call: 'changed contacts', all: { path: 'contacts/search' } },
  { call: 'changed companies', all: { path: 'companies/search' } },
  { call: 'changed meetings', all: { path: 'meetings/search' } },
  { call: 'changed deals', all: { path: 'deals/search' } },
  {
    call: 'contacts of meetings',
    all: { path: 'associations/.*/meetings/contacts/' },
  },
  { call: 'list of forms', all: { path: 'marketing/v3/forms' } },
  {
    call: 'submissions of forms',
    all: { path: 'submissions/forms/' },
    one: (_id, { otherForm }) => ({ path: `submissions/forms/${otherForm}` }),
  },
  { call: 'page views', all: { path: 'event-occurrences' } },
  { call: 'marketing emails', all: { path: 'email/public/v1/events' } },
  { call: 'lists', all: { path: 'crm/lists/.*/search' } },
  { call: 'contacts of deals', all: { path: 'associations/.*/deals/contacts/' } },
  { call: 'pipelines of deals', all: { path: 'crm/pipelines/' } },
  { call: 'properties of deals', all: { path: 'crm/properties/[^/]+/deals' } },
  { call: 'properties of contacts', all: { path: 'crm/properties/[^/]+/contacts' } },
  {
    call: 'companies of contacts',
    all: { path: 'associations/.*/contacts/companies/' },
    one: (id) => ({ path: 'associations/.*/contacts/companies/', body: `"${id}"` }),
  },
  { call: 'companies by ID', all: { path: 'companies/batch/read' } },
  { call: 'properties of contacts, at night', all: { path: 'crm/properties/[^/]+/contacts' }, isNightly: true },
  { call: 'properties of companies, at night', all: { path: 'crm/properties/[^/]+/companies' }, isNightly: true },
  { call: 'all contacts, at night', all: { method: 'GET', path: 'objects/[^/]+/contacts\\?' }, isNightly: true },
  {
    call: 'meetings of contacts, at night',
    all: { path: 'associations/.*/contacts/meetings/' },
    one: (id) => ({ path: 'associations/.*/contacts/meetings/', body: `"${id}"` }),
    isNightly: true,
  },
  { call: 'deals of contacts, at night', all: { path: 'associations/.*/contacts/deals/' }, isNightly: true },
  { call: 'submissions of forms, at night', all: { path: 'submissions/forms/' }, isNightly: true },
  {
    call: 'writing scores',
    all: { path: 'contacts/batch/update' },
    one: (id) => ({ path: 'contacts/batch/update', body: `"${id}"` }),
  },
];

export function openSalesforceScene(people: number): Promise<Scene> {
  return salesforceScene(people, {});
}

/** Scores are written by bulk jobs. */
export function openBulkScene(people: number): Promise<Scene> {
  return salesforceScene(people, { SALESFORCE_BULK_WRITE_FROM: '1' });
}

async function salesforceScene(people: number, settings: Readonly<Record<string, string>>): Promise<Scene> {
  const product = await openSalesforceProduct({ dataset: leads(people), retryOptions: RETRIES, settings });
  await product.backfill();
  const contacts = new Map<string, string>();
  return {
    crm: 'salesforce',
    product,
    streams: { record: 'leads', form: 'campaign_members', meeting: 'events', deal: 'opportunities' },
    object: 'Lead',
    otherForm: '',
    next: counted((key) => {
      const id = product.org.leadIds.get(key);
      if (id === undefined) throw new Error(`There is no person "${key}" in the data set.`);
      return id;
    }),
    faults: product.faults,
    change: async (probe, personId) => {
      if (probe === 'record')
        return product.control('PATCH', `records/Lead/${personId}`, { values: { Title: 'Student' } });
      if (probe === 'meeting') return product.control('POST', 'activities', { personId, type: 'meeting' });
      if (probe === 'deal') {
        // A Lead has an opportunity as the Contact that it becomes.
        const { contactId } = convertedSchema.parse(
          await product.control('POST', 'convert', { leadId: personId, opportunity: 'New deal' }),
        );
        contacts.set(personId, contactId);
        return;
      }
      return product.control('POST', 'activities', { personId, type: 'form_submission', attributes: { form: 'demo' } });
    },
    isScored: async (probe, personId) => {
      if (probe === 'deal') return hasDeal(product, contacts.get(personId) ?? '');
      const record = await product.record('Lead', personId);
      if (probe === 'record') return String(record.Leadgrade_Explanation__c).includes('Student');
      return probe === 'meeting' ? hasMeeting(product, personId) : Number(record.Leadgrade_Behavior_Score__c ?? 0) > 0;
    },
    close: product.close,
  };
}

const convertedSchema = z.object({ contactId: z.string() });

const from = (object: string) => `FROM(%20|\\+)${object}(%20|\\+)WHERE`;
const listed = (object: string) => ({
  path: `${from(object)}(%20|\\+)IsDeleted(%20|\\+)(=|%3D)(%20|\\+)false(%20|\\+)ORDER`,
});
const changed = (object: string) => ({ path: `SystemModstamp.*${from(object)}(?!.*(%20|\\+)IN(%20|\\+))` });

export const SALESFORCE_CASES: readonly PolicyCase[] = [
  { call: 'the organization', all: { path: 'FROM(%20|\\+)Organization' } },
  {
    call: 'Leads by ID',
    all: { path: `${from('Lead')}.*Id(%20|\\+)IN` },
    one: (id) => ({ path: `${from('Lead')}.*Id(%20|\\+)IN.*${id}` }),
  },
  { call: 'changed Leads', all: changed('Lead') },
  { call: 'changed Contacts', all: changed('Contact') },
  { call: 'changed tasks', all: changed('Task') },
  { call: 'changed events', all: changed('Event') },
  { call: 'changed campaign members', all: changed('CampaignMember') },
  { call: 'changed opportunities', all: changed('Opportunity') },
  { call: 'changed contact roles', all: changed('OpportunityContactRole'), alsoFound: ['deal'] },
  {
    call: 'description of Leads, at night',
    all: { path: 'sobjects/Lead/describe' },
    isNightly: true,
    isWithoutDeal: true,
  },
  { call: 'description of events, at night', all: { path: 'sobjects/Event/describe' }, isNightly: true },
  { call: 'the token, at night', all: { path: 'oauth2/token' }, isNightly: true },
  { call: 'all Leads, at night', all: { path: `/query\\?.*${from('Lead')}` }, isNightly: true },
  { call: 'all events, at night', all: listed('Event'), isNightly: true },
  { call: 'all opportunities, at night', all: listed('Opportunity'), isNightly: true },
  {
    call: 'writing scores',
    all: { method: 'PATCH', path: 'composite/sobjects' },
    one: (id) => ({ method: 'PATCH', path: 'composite/sobjects', body: `"${id}"` }),
    isWithoutDeal: true,
  },
];

export const BULK_CASES: readonly PolicyCase[] = [
  { call: 'opening a bulk write', all: { method: 'POST', path: 'jobs/ingest' } },
  { call: 'sending the rows of a bulk write', all: { method: 'PUT', path: 'jobs/ingest/.*/batches' } },
  { call: 'starting a bulk write', all: { method: 'PATCH', path: 'jobs/ingest/' } },
  { call: 'the state of a bulk write', all: { method: 'GET', path: 'jobs/ingest/[^/]+$' } },
  {
    call: 'the results of a bulk write',
    all: { method: 'GET', path: 'jobs/ingest/.*Results' },
    alsoFound: ['record', 'form'],
  },
];

const STATUS_BODY = { status: 'error', message: 'It cannot be done.', category: 'SOMETHING' };

export function actionOf(failure: Failure): object {
  if (failure === 'hang') return { hangAfterHeaders: true };
  if (failure === 'shape') return { status: 200, body: { unexpected: [1, 2, 3] } };
  return { status: Number(failure), body: STATUS_BODY };
}

export interface Observed {
  /** What the table says: `stream meetings`, `record contacts`, `pause read`, `error list`, `nothing`. */
  readonly cell: string;
  readonly scored: Readonly<Record<Probe, boolean>>;
}

const MINUTE = 60_000;
const POLLS = 4;
const PROBES = ['record', 'form', 'meeting', 'deal'] as const;

/** Makes a call fail for ever, changes three people, and looks at what reached the CRM after four polls. */
export async function observe(
  scene: Scene,
  { isNightly, isWithoutDeal }: PolicyCase,
  match: (id: string, scene: Scene) => Match,
  failure: Failure,
): Promise<Observed> {
  const { product } = scene;
  const { next } = scene;
  const people = { record: next(), form: next(), meeting: next(), deal: isWithoutDeal ? '' : next() };
  const broken = next();
  // The same state for each row, whatever failed before it: descriptions and availability were read without failures.
  if (isNightly) await product.nightly();
  await scene.faults({ match: match(broken, scene), action: actionOf(failure) });
  await scene.change('record', broken);
  for (const probe of PROBES) if (people[probe] !== '') await scene.change(probe, people[probe]);
  if (isNightly) await product.nightly();
  for (let poll = 0; poll < POLLS; poll++) {
    product.advanceClock(MINUTE + 1);
    await product.poll();
  }
  const cell = await cellOf(scene);
  const scored = await scoredProbes(scene, people);
  await recover(scene, people);
  return { cell, scored };
}

async function scoredProbes(scene: Scene, people: Readonly<Record<Probe, string>>) {
  return {
    record: await scene.isScored('record', people.record),
    form: await scene.isScored('form', people.form),
    meeting: await scene.isScored('meeting', people.meeting),
    deal: people.deal === '' || (await scene.isScored('deal', people.deal)),
  };
}

async function cellOf({ product, crm }: Scene): Promise<string> {
  const { db } = product.context;
  const setAside = await groupSetAside(db, [crm]);
  const pauses = await listPauses(db, [crm]);
  const errors = await db.selectFrom('record_errors').select('stage').where('stage', '=', 'write').execute();
  const unavailable = await db
    .selectFrom('streams')
    .select(['stream', 'unavailable_reason'])
    .where('unavailable_reason', 'is not', null)
    .execute();
  const found = [
    ...pauses.map(({ direction }) => `pause ${direction}`),
    ...setAside.map(({ kind, stream }) => `${kind} ${stream}`),
    ...unavailable
      .filter((row) => !row.unavailable_reason?.includes('lists each activity'))
      .map(({ stream }) => `unavailable ${stream}`),
    ...(errors.length > 0 ? ['error list'] : []),
  ];
  return found.length === 0 ? 'nothing' : [...new Set(found)].join(', ');
}

/** Everything comes back when the CRM works again. @throws when something does not */
async function recover(scene: Scene, people: Readonly<Record<Probe, string>>): Promise<void> {
  const { product, crm } = scene;
  const { db, clock } = product.context;
  await scene.faults();
  await retrySetAside(db, clock.now());
  await retryErrors(db, clock.now());
  product.advanceClock(6 * MINUTE);
  await product.poll();
  // What is compared at night only.
  if ((await groupSetAside(db, [crm])).length > 0) await product.nightly();
  // A bulk job is checked several times.
  for (let poll = 0; poll < POLLS; poll++) {
    product.advanceClock(2 * MINUTE);
    await product.poll();
  }
  const cell = await cellOf(scene);
  const scored = await scoredProbes(scene, people);
  if (cell !== 'nothing' || !Object.values(scored).every(Boolean))
    throw new Error(`After the failure: ${cell}; ${JSON.stringify(scored)}`);
}

/** What the cell of the table allows to work meanwhile, if the call fails for all. */
export function allowed(
  { streams, object }: Scene,
  cell: string,
  { alsoFound = [] }: Partial<PolicyCase> = {},
): Observed['scored'] {
  const tokens = new Set(cell.split(', '));
  const blocked = ['pause write', `write ${object}`, `bulk-write ${object}`, `unavailable ${streams.record}`];
  const isWritten = [...blocked, 'error list'].every((token) => !tokens.has(token));
  const isRead = (probe: Probe, ...also: readonly string[]) => {
    // Without its forms, a portal has counters of submissions.
    const kinds = ['stream', 'form', 'meeting', 'deal', 'unmatched', ...(probe === 'form' ? [] : ['unavailable'])];
    const own = kinds.map((kind) => `${kind} ${streams[probe]}`);
    const blocking = ['pause read', ...own, ...also];
    return blocking.every((token) => !tokens.has(token));
  };
  const isFound = (probe: Probe) => alsoFound.includes(probe);
  return {
    record: isFound('record') || (isWritten && isRead('record', `records ${object}`, `record ${object}`)),
    form: isFound('form') || (isWritten && isRead('form')),
    meeting: isFound('meeting') || isRead('meeting'),
    deal: isFound('deal') || isRead('deal'),
  };
}
