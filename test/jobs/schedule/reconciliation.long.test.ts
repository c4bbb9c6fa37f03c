// Whatever is late, deleted, purged, merged, renamed or recalculated during a day: after the night
// the product knows and scores what a product with an empty database reads from the same CRM.
//
// FC_SEED repeats a run, FC_RUNS is the number of runs, FC_PATH repeats the failed one.
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { test } from 'vitest';
import { z } from 'zod';
import { repetitions } from '../../support/fault-runs.ts';
import { expectAsFresh } from '../../support/fresh-copy.ts';
import { leads } from '../../support/leads.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';
import { openSalesforceProduct, type SalesforceProduct } from '../../support/salesforce-product.ts';

const MODEL_FILE = fileURLToPath(new URL('./reconciliation-model.yaml', import.meta.url));
const PEOPLE = 5;
const RUNS = Number(process.env.FC_RUNS ?? repetitions({ usual: 2, full: 10 }));
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** No item becomes visible later. Longer than every overlap. */
const LATENESS_MS = 3 * HOUR_MS;

const idSchema = z.object({ id: z.string() });
const formsSchema = z.array(z.object({ id: z.string(), submissions: z.array(z.string()) }));

const { FC_SEED, FC_PATH } = process.env;
const SEED = Number(FC_SEED ?? Date.now() % 2 ** 31);
console.log(`reconciliation: ${RUNS} random days of each CRM, 10 in npm run test:faults, FC_SEED=${SEED}`);
// Without shrinking, which would take longer than reading the failed script.
const FC_OPTIONS = {
  ...{ numRuns: RUNS, endOnFailure: true, seed: SEED },
  ...(FC_PATH === undefined ? {} : { path: FC_PATH }),
};

interface Step {
  readonly kind: string;
  readonly who: number;
  readonly other: number;
  readonly title: string;
  readonly isLate: boolean;
  readonly minutes: number;
  readonly isPolled: boolean;
}

function scripts(kinds: readonly string[]): fc.Arbitrary<readonly Step[]> {
  const step = fc.record({
    kind: fc.constantFrom(...kinds),
    who: fc.nat(50),
    other: fc.nat(50),
    title: fc.constantFrom('VP Sales', 'Student', 'Head of Sales', 'Chief Revenue Officer'),
    isLate: fc.boolean(),
    minutes: fc.integer({ min: 1, max: 25 }),
    isPolled: fc.boolean(),
  });
  return fc.array(step, { minLength: 10, maxLength: 22, size: 'max' });
}

type Act = (step: Step) => Promise<unknown>;

/** Plays a day from noon on, until everything is visible, and then the night. */
async function playDay(product: TestProduct | SalesforceProduct, script: readonly Step[], act: Act): Promise<void> {
  for (const step of script) {
    await act(step);
    product.advanceClock(step.minutes * MINUTE_MS);
    if (step.isPolled) await product.poll();
  }
  product.advanceClock(LATENESS_MS);
  await product.poll();
  await product.nightly();
  product.advanceClock(MINUTE_MS);
  await product.poll();
}

function at<T>(all: readonly T[], index: number): T | undefined {
  return all[index % Math.max(1, all.length)];
}

const HUBSPOT_KINDS = [
  ...['submit', 'submit', 'submit', 'delete-submission', 'rename-form', 'view', 'delete-view', 'mail'],
  ...['join', 'join', 'leave', 'rename-list', 'meet', 'meet', 'cancel', 'delete-meeting'],
  ...['title', 'title', 'calculate', 'calculate-company', 'move', 'merge', 'delete', 'restore'],
];

/** Changes of a portal, as far as they are possible. */
async function hubspotActs(product: TestProduct): Promise<Act> {
  const seen = await product.contacts();
  const ids = seen.map(({ id }) => id);
  const companies = [...new Set(seen.flatMap(({ companyId }) => companyId ?? []))];
  const [gone, deleted]: [Set<string>, Set<string>] = [new Set(), new Set()];
  const [meetings, views]: [string[], string[]] = [[], []];
  const lists: string[] = [];
  for (const name of ['Leadgrade: guests', 'Leadgrade: trial']) {
    lists.push(idSchema.parse(await product.control('POST', 'lists', { name })).id);
  }
  const live = () => ids.filter((id) => !gone.has(id));
  const send = product.control;
  const happens = async (contactId: string, type: string, attributes: object) =>
    idSchema.parse(await send('POST', 'activities', { contactId, type, attributes })).id;
  const forms = async () =>
    formsSchema.parse(await send('GET', 'forms')).filter(({ submissions }) => submissions.length > 0);

  const acts: Readonly<Record<string, (id: string, step: Step) => Promise<unknown>>> = {
    submit: (id, { other }) => happens(id, 'form_submission', { form: ['Demo', 'Contact us'][other % 2] }),
    'delete-submission': async (_id, { who, other }) => {
      const form = at(await forms(), who);
      const submission = at(form?.submissions ?? [], other);
      if (submission !== undefined) await send('DELETE', `forms/${form?.id}/submissions/${submission}`);
    },
    'rename-form': async (_id, { who, other }) => {
      const form = at(await forms(), who);
      const name = ['Webinar', 'Guide', 'Ask us'][other % 3];
      if (form !== undefined) await send('PATCH', `forms/${form.id}`, { name: `${name} ${form.id.slice(0, 4)}` });
    },
    view: async (id) => views.push(await happens(id, 'page_view', { path: '/pricing' })),
    'delete-view': async (_id, { who }) => send('DELETE', `page-views/${at(views, who) ?? 'none'}`),
    mail: (id) => happens(id, 'email_open', { email: 'News' }),
    join: (contactId, { other }) => send('PUT', `lists/${at(lists, other)}/members`, { contactId }),
    leave: (contactId, { other }) => send('DELETE', `lists/${at(lists, other)}/members`, { contactId }),
    'rename-list': (_id, { who, other }) =>
      send('PATCH', `lists/${at(lists, who)}`, { name: ['Leadgrade: friends', 'Others'][other % 2] }),
    meet: async (id) => meetings.push(await happens(id, 'meeting', { title: 'Talk', outcome: 'COMPLETED' })),
    cancel: async (_id, { who }) => {
      const meeting = at(meetings, who);
      const properties = { hs_meeting_outcome: 'CANCELED' };
      if (meeting !== undefined) await send('PATCH', `activities/meetings/${meeting}`, { properties });
    },
    'delete-meeting': async (_id, { who }) => {
      const meeting = at(meetings, who);
      if (meeting === undefined) return;
      meetings.splice(meetings.indexOf(meeting), 1);
      await send('DELETE', `activities/meetings/${meeting}`);
    },
    title: (id, { title }) => send('PATCH', `contacts/${id}`, { properties: { jobtitle: title } }),
    calculate: (id, { title }) => send('PUT', `contacts/${id}/calculated`, { properties: { jobtitle: title } }),
    'calculate-company': (_id, { who, other }) => {
      const properties = { numberofemployees: String(1 + other * 20) };
      return send('PUT', `companies/${at(companies, who)}/calculated`, { properties });
    },
    move: (contactId, { other }) => send('PUT', 'associations', { contactId, companyId: at(companies, other) }),
    merge: async (id, { other }) => {
      const into = at(live(), other);
      if (into === undefined || into === id) return;
      gone.add(id);
      await send('POST', 'merge', { primaryId: into, mergedId: id });
    },
    delete: async (id) => {
      gone.add(id);
      deleted.add(id);
      await send('DELETE', `contacts/${id}`);
    },
    restore: async () => {
      const [id] = deleted;
      if (id === undefined) return;
      gone.delete(id);
      deleted.delete(id);
      await send('POST', `contacts/${id}/restore`);
    },
  };
  return async (step) => {
    const id = at(live(), step.who);
    const lateMs = step.isLate ? LATENESS_MS : 0;
    await send('PUT', 'lateness', { formsMs: lateMs, searchMs: lateMs });
    if (id !== undefined) await acts[step.kind]?.(id, step);
    await send('PUT', 'lateness', { formsMs: 0, searchMs: 0 });
  };
}

test('after the night HubSpot contacts are known and scored as by a fresh database', { timeout: 900_000 }, async () => {
  const check = async (script: readonly Step[]) => {
    const people = leads(PEOPLE);
    const other = people.companies.map((company) => ({
      ...company,
      key: 'other',
      domain: 'other.example',
      employees: 3,
    }));
    const elsewhere = people.people.map((person, index) => (index === 0 ? { ...person, company: 'other' } : person));
    const dataset = { ...people, companies: [...people.companies, ...other], people: elsewhere };
    const product = await openTestProduct({ dataset, settings: { MODEL_FILE } });
    try {
      product.advanceClock(MINUTE_MS);
      await product.backfill();
      await playDay(product, script, await hubspotActs(product));
      await expectAsFresh(product);
    } finally {
      await product.close();
    }
  };
  await fc.assert(fc.asyncProperty(scripts(HUBSPOT_KINDS), check), FC_OPTIONS);
});

const SALESFORCE_KINDS = [
  ...['respond', 'respond', 'respond', 'remove-member', 'remove-member', 'rename-campaign'],
  ...['call', 'call', 'delete-call', 'purge-call', 'title', 'title', 'calculate', 'calculate-account'],
  ...['convert', 'merge', 'delete', 'undelete'],
];

/** Changes of an org, as far as they are possible. */
async function salesforceActs(product: SalesforceProduct): Promise<Act> {
  const send = product.control;
  const create = async (object: string, values: object, instant?: Date) => {
    const body = instant === undefined ? { values } : { values, at: instant.toISOString() };
    return idSchema.parse(await send('POST', `records/${object}`, body)).id;
  };
  const campaigns: string[] = [];
  for (const Name of ['Fair', 'Contact us']) {
    campaigns.push(await create('Campaign', { Name, Type: 'Web Form', IsActive: true, Status: 'In Progress' }));
  }
  const people = new Set(product.org.leadIds.values());
  const deleted: string[] = [];
  const members = new Map<string, string>();
  const [calls, accounts]: [string[], string[]] = [[], []];
  const objectOf = (id: string) => (id.startsWith('003') ? 'Contact' : 'Lead');
  const instantOf = ({ isLate }: Step) => (isLate ? new Date(product.clock.now().getTime() - HOUR_MS / 2) : undefined);
  const remove = async (object: string, id: string, isPurged: boolean) => {
    await send('DELETE', `records/${object}/${id}`);
    if (isPurged) await unlessGone(send('POST', `records/${object}/${id}/purge`));
  };
  const exists = async (object: string, id: string) => {
    const { values } = z
      .object({ values: z.record(z.string(), z.unknown()) })
      .parse((await unlessGone(send('GET', `records/${object}/${id}`))) ?? { values: { IsDeleted: true } });
    return values.IsDeleted !== true;
  };

  const acts: Readonly<Record<string, (id: string, step: Step) => Promise<unknown>>> = {
    respond: async (id, step) => {
      const CampaignId = at(campaigns, step.other) ?? '';
      const key = `${CampaignId} ${id}`;
      const known = members.get(key);
      if (known !== undefined && (await exists('CampaignMember', known))) return;
      const person = objectOf(id) === 'Lead' ? { LeadId: id } : { ContactId: id };
      members.set(key, await create('CampaignMember', { CampaignId, ...person, Status: 'Responded' }, instantOf(step)));
    },
    'remove-member': async (_id, { who }) => {
      const member = at([...members.values()], who);
      if (member !== undefined && (await exists('CampaignMember', member)))
        await remove('CampaignMember', member, true);
    },
    'rename-campaign': (_id, { who, other }) => {
      const values = { Type: ['Webinar', 'Web Form', 'Content'][other % 3] };
      return send('PATCH', `records/Campaign/${at(campaigns, who)}`, { values });
    },
    call: async (id, step) => {
      const values = { Subject: 'Call', TaskSubtype: 'Call', Status: 'Completed', ActivityDate: '2026-03-10' };
      calls.push(await create('Task', { ...values, WhoId: id }, instantOf(step)));
    },
    'delete-call': async (_id, { who }) => {
      const task = at(calls, who);
      if (task !== undefined && (await exists('Task', task))) await remove('Task', task, false);
    },
    'purge-call': async (_id, { who }) => {
      const task = at(calls, who);
      if (task !== undefined && (await exists('Task', task))) await remove('Task', task, true);
    },
    title: (id, step) => {
      const instant = instantOf(step);
      const body = { values: { Title: step.title }, ...(instant === undefined ? {} : { at: instant.toISOString() }) };
      return send('PATCH', `records/${objectOf(id)}/${id}`, body);
    },
    calculate: (id, { title }) => send('PUT', `records/${objectOf(id)}/${id}/calculated`, { values: { Title: title } }),
    'calculate-account': async (_id, { who, other }) => {
      const account = at(accounts, who);
      const values = { NumberOfEmployees: 1 + other * 20 };
      if (account !== undefined) await send('PUT', `records/Account/${account}/calculated`, { values });
    },
    convert: async (id) => {
      if (objectOf(id) !== 'Lead') return;
      const schema = z.object({ accountId: z.string(), contactId: z.string() });
      const { accountId, contactId } = schema.parse(await send('POST', 'convert', { leadId: id }));
      people.delete(id);
      people.add(contactId);
      accounts.push(accountId);
    },
    merge: async (id, { other }) => {
      const into = at([...people], other);
      if (into === undefined || into === id || objectOf(into) !== objectOf(id)) return;
      people.delete(id);
      await send('POST', 'merge', { masterId: into, mergedId: id });
    },
    delete: async (id) => {
      people.delete(id);
      deleted.push(id);
      await send('DELETE', `records/${objectOf(id)}/${id}`);
    },
    undelete: async () => {
      const id = deleted.shift();
      if (id === undefined) return;
      people.add(id);
      await send('POST', `records/${objectOf(id)}/${id}/undelete`);
    },
  };
  return async (step) => {
    const id = at([...people], step.who);
    if (id !== undefined) await acts[step.kind]?.(id, step);
  };
}

/** Null where the org does not have the record any more. */
async function unlessGone(asked: Promise<unknown>): Promise<unknown> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Error && error.message.includes(': 404 ')) return null;
    throw error;
  }
}

test('after the night Salesforce people are known and scored as by a fresh database', {
  timeout: 900_000,
}, async () => {
  const check = async (script: readonly Step[]) => {
    const product = await openSalesforceProduct({ dataset: leads(PEOPLE), settings: { MODEL_FILE } });
    try {
      product.advanceClock(MINUTE_MS);
      await product.backfill();
      await playDay(product, script, await salesforceActs(product));
      await expectAsFresh(product);
    } finally {
      await product.close();
    }
  };
  await fc.assert(fc.asyncProperty(scripts(SALESFORCE_KINDS), check), FC_OPTIONS);
});
