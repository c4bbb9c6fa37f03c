// The night ends in the truth: what a CRM showed late, deleted for good, renamed or recalculated is
// found, and nothing else.
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { expectAsFresh, knownRecords, latestFindings } from '../../support/fresh-copy.ts';
import { leads } from '../../support/leads.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';
import { openSalesforceProduct, type SalesforceProduct } from '../../support/salesforce-product.ts';

const MODEL_FILE = fileURLToPath(new URL('./reconciliation-model.yaml', import.meta.url));
const HOUR_MS = 3_600_000;

const idSchema = z.object({ id: z.string() });
const formsSchema = z.array(z.object({ id: z.string(), name: z.string(), submissions: z.array(z.string()) }));
const none = { late: 0, deleted: 0, changed: 0 };

async function pass(product: TestProduct | SalesforceProduct, ms: number): Promise<void> {
  product.advanceClock(ms);
  await product.poll();
}

/** The types of the activities of a record, without tombstones. */
async function typesOf(product: TestProduct | SalesforceProduct, id: string): Promise<readonly string[]> {
  const rows = await product.context.db
    .selectFrom('activities')
    .select('type')
    .where('record_id', '=', id)
    .where('gone_at', 'is', null)
    .orderBy('type')
    .execute();
  return rows.map(({ type }) => type);
}

describe('HubSpot', () => {
  async function open(count = 3): Promise<TestProduct> {
    const product = await openTestProduct({ dataset: leads(count), settings: { MODEL_FILE } });
    product.advanceClock(60_000);
    await product.backfill();
    return product;
  }

  const submit = (product: TestProduct, contactId: string, form = 'Demo') =>
    product.control('POST', 'activities', { contactId, type: 'form_submission', attributes: { form } });
  /** Those with submissions. */
  const forms = async (product: TestProduct) => {
    const all = formsSchema.parse(await product.control('GET', 'forms'));
    return all.filter(({ submissions }) => submissions.length > 0);
  };

  test('a form submission that HubSpot shows hours later than newer ones counts after the night', async () => {
    const product = await open();
    await submit(product, product.idOf('p0'));
    await pass(product, 60_000);
    await product.control('PUT', 'lateness', { formsMs: 2 * HOUR_MS });
    await submit(product, product.idOf('p1'));
    product.advanceClock(HOUR_MS / 2);
    await product.control('PUT', 'lateness', { formsMs: 0 });
    await submit(product, product.idOf('p2'));
    await pass(product, 60_000);
    await pass(product, 3 * HOUR_MS);
    expect(await typesOf(product, product.idOf('p1'))).toEqual([]);
    await product.nightly();
    expect(await typesOf(product, product.idOf('p1'))).toEqual(['form_submission']);
    expect(await latestFindings(product)).toEqual({ hubspot: { form_submissions: { ...none, late: 1 } } });
    expect(product.lines.map(({ message }) => message)).toContain(
      'hubspot: the reconciliation found late: 1 form submission.',
    );
    await expectAsFresh(product);
  });

  test('a deleted submission and a member who left a list give no points after the night', async () => {
    const product = await open();
    const [first, second] = [product.idOf('p0'), product.idOf('p1')];
    await submit(product, first);
    await submit(product, second);
    const list = idSchema.parse(await product.control('POST', 'lists', { name: 'Leadgrade: guests' }));
    for (const contactId of [first, second]) await product.control('PUT', `lists/${list.id}/members`, { contactId });
    await pass(product, 60_000);
    await pass(product, HOUR_MS);
    expect(await typesOf(product, first)).toEqual(['form_submission', 'list_joined']);
    const [form] = await forms(product);
    await product.control('DELETE', `forms/${form?.id}/submissions/${form?.submissions[0]}`);
    await product.control('DELETE', `lists/${list.id}/members`, { contactId: first });
    await product.nightly();
    expect(await typesOf(product, first)).toEqual([]);
    expect(await typesOf(product, second)).toEqual(['form_submission', 'list_joined']);
    const deleted = { ...none, deleted: 1 };
    expect(await latestFindings(product)).toEqual({ hubspot: { form_submissions: deleted, lists: deleted } });
    await expectAsFresh(product);
  });

  test('activities follow a form and a list that were renamed', async () => {
    const product = await open();
    const contactId = product.idOf('p0');
    await submit(product, contactId);
    const list = idSchema.parse(await product.control('POST', 'lists', { name: 'Leadgrade: guests' }));
    await product.control('PUT', `lists/${list.id}/members`, { contactId });
    await pass(product, 60_000);
    await pass(product, HOUR_MS);
    const [form] = await forms(product);
    await product.control('PATCH', `forms/${form?.id}`, { name: 'Webinar registration' });
    await product.control('PATCH', `lists/${list.id}`, { name: 'Guests' });
    await product.nightly();
    expect(await typesOf(product, contactId)).toEqual(['webinar']);
    await expectAsFresh(product);
  });

  test('a contact or company that HubSpot recalculates without a new modification time is graded anew', async () => {
    const product = await open();
    const contact = (await product.contacts())[0];
    const calculated = (type: string, id: string | null | undefined, properties: object) =>
      product.control('PUT', `${type}/${id}/calculated`, { properties });
    await calculated('contacts', contact?.id, { jobtitle: 'Student' });
    await calculated('companies', contact?.companyId, { numberofemployees: '7' });
    await product.nightly();
    const known = await knownRecords(product);
    expect(known[`hubspot/contacts/${contact?.id}`]).toMatchObject({
      fields: { 'contact.job_title': 'Student', 'company.employees': 7 },
    });
    expect(await latestFindings(product)).toEqual({ hubspot: { contacts: { ...none, changed: 3 } } });
    await expectAsFresh(product);
  });

  test('a change that the search shows hours late is read in the night', async () => {
    const product = await open();
    await pass(product, HOUR_MS);
    await product.control('PUT', 'lateness', { searchMs: 3 * HOUR_MS });
    await product.control('PATCH', `contacts/${product.idOf('p0')}`, { properties: { jobtitle: 'Student' } });
    const attributes = { title: 'First talk', outcome: 'COMPLETED' };
    const meeting = { contactId: product.idOf('p1'), type: 'meeting', attributes };
    await product.control('POST', 'activities', meeting);
    await product.control('PUT', 'lateness', { searchMs: 0 });
    product.advanceClock(60_000);
    await product.control('PATCH', `contacts/${product.idOf('p2')}`, { properties: { jobtitle: 'Head of Sales' } });
    await product.control('POST', 'activities', { ...meeting, contactId: product.idOf('p2') });
    for (let count = 0; count < 5; count += 1) await pass(product, HOUR_MS);
    await product.nightly();
    const late = { ...none, late: 1 };
    expect(await latestFindings(product)).toEqual({ hubspot: { contacts: late, meetings: late } });
    await expectAsFresh(product);
  });

  test('a form that lists less than half of its stored submissions loses none of them', async () => {
    const product = await open(30);
    const ids = (await product.contacts()).map(({ id }) => id);
    for (const id of ids) await submit(product, id);
    await pass(product, 60_000);
    const [form] = await forms(product);
    await product.faults({
      match: { path: `submissions/forms/${form?.id}` },
      action: { status: 200, body: { results: [] } },
    });
    await product.nightly();
    expect(await typesOf(product, ids[0] ?? '')).toEqual(['form_submission']);
    expect(product.lines.map(({ message }) => message)).toContain(
      'hubspot lists 0 of the 30 stored form_submissions: nothing was deleted. Check the rights of the token.',
    );
    await product.faults();
    await product.nightly();
    expect(await latestFindings(product)).toEqual({});
  });

  test('a form that fails for ever keeps neither another form nor a list from being compared', async () => {
    const product = await open();
    const contactId = product.idOf('p0');
    await submit(product, contactId, 'Broken');
    await submit(product, contactId, 'Demo');
    const list = idSchema.parse(await product.control('POST', 'lists', { name: 'Leadgrade: guests' }));
    await product.control('PUT', `lists/${list.id}/members`, { contactId });
    await pass(product, 60_000);
    await pass(product, HOUR_MS);
    const all = await forms(product);
    const broken = all.find(({ name }) => name === 'Broken');
    const demo = all.find(({ name }) => name === 'Demo');
    await product.control('DELETE', `forms/${demo?.id}/submissions/${demo?.submissions[0]}`);
    await product.control('DELETE', `lists/${list.id}/members`, { contactId });
    await product.faults({ match: { path: `submissions/forms/${broken?.id}` }, action: { status: 400, body: {} } });
    await product.nightly();
    const deleted = { ...none, deleted: 1 };
    expect(await latestFindings(product)).toEqual({ hubspot: { form_submissions: deleted, lists: deleted } });
    expect(await typesOf(product, contactId)).toEqual(['form_submission']);
  });

  test('a night in which nothing was missed finds nothing', async () => {
    const product = await openTestProduct({ people: 40 });
    await product.backfill();
    await pass(product, HOUR_MS);
    await product.nightly();
    expect(await latestFindings(product)).toEqual({});
    await product.nightly();
    expect(await latestFindings(product)).toEqual({});
  });
});

describe('Salesforce', () => {
  async function open(): Promise<SalesforceProduct> {
    const product = await openSalesforceProduct({ dataset: leads(3), settings: { MODEL_FILE } });
    product.advanceClock(60_000);
    await product.backfill();
    return product;
  }

  const leadId = ({ org }: SalesforceProduct, key: string) => org.leadIds.get(key) ?? '';
  const create = async (product: SalesforceProduct, object: string, values: object, at?: Date) =>
    idSchema.parse(
      await product.control('POST', `records/${object}`, { values, ...(at ? { at: at.toISOString() } : {}) }),
    ).id;
  const hardDelete = async (product: SalesforceProduct, object: string, id: string) => {
    await product.control('DELETE', `records/${object}/${id}`);
    await product.control('POST', `records/${object}/${id}/purge`).catch((error: unknown) => {
      // An object without a recycle bin.
      if (!(error instanceof Error && error.message.includes(': 404 '))) throw error;
    });
  };
  const call = (personId: string) => ({
    ...{ WhoId: personId, Subject: 'Call', TaskSubtype: 'Call', Status: 'Completed', ActivityDate: '2026-03-10' },
  });
  const campaign = (product: SalesforceProduct) =>
    create(product, 'Campaign', { Name: 'Fair', Type: 'Web Form', IsActive: true, Status: 'In Progress' });
  const member = (product: SalesforceProduct, CampaignId: string, key: string) =>
    create(product, 'CampaignMember', { CampaignId, LeadId: leadId(product, key), Status: 'Responded' });

  test('a campaign member and a task that were deleted for good give no points after the night', async () => {
    const product = await open();
    const fair = await campaign(product);
    const gone = await member(product, fair, 'p0');
    await member(product, fair, 'p1');
    const task = await create(product, 'Task', call(leadId(product, 'p0')));
    await pass(product, 60_000);
    await pass(product, HOUR_MS);
    expect(await typesOf(product, leadId(product, 'p0'))).toEqual(['call', 'form_submission']);
    await hardDelete(product, 'CampaignMember', gone);
    await hardDelete(product, 'Task', task);
    await product.nightly();
    expect(await typesOf(product, leadId(product, 'p0'))).toEqual([]);
    expect(await typesOf(product, leadId(product, 'p1'))).toEqual(['form_submission']);
    const deleted = { ...none, deleted: 1 };
    expect(await latestFindings(product)).toEqual({ salesforce: { campaign_members: deleted, tasks: deleted } });
    await expectAsFresh(product);
  });

  test('a task and an edit that took an hour to commit count after the night', async () => {
    const product = await open();
    await pass(product, HOUR_MS);
    await create(product, 'Task', call(leadId(product, 'p1')));
    await pass(product, 60_000);
    const hourAgo = new Date(product.clock.now().getTime() - HOUR_MS);
    await create(product, 'Task', call(leadId(product, 'p0')), hourAgo);
    const edit = { values: { Title: 'Student' }, at: hourAgo.toISOString() };
    await product.control('PATCH', `records/Lead/${leadId(product, 'p2')}`, edit);
    await pass(product, HOUR_MS);
    await product.nightly();
    const found = (await latestFindings(product)).salesforce;
    expect(found).toMatchObject({ tasks: { ...none, late: 1 } });
    await expectAsFresh(product);
  });

  test('a formula, a field of the account and the type of a campaign are read again, although no timestamp moves', async () => {
    const product = await open();
    const fair = await campaign(product);
    await member(product, fair, 'p1');
    const { accountId, contactId } = z
      .object({ accountId: z.string(), contactId: z.string() })
      .parse(await product.control('POST', 'convert', { leadId: leadId(product, 'p2') }));
    await pass(product, 60_000);
    await pass(product, HOUR_MS);
    const calculated = (object: string, id: string, values: object) =>
      product.control('PUT', `records/${object}/${id}/calculated`, { values });
    await calculated('Lead', leadId(product, 'p0'), { Title: 'Student' });
    await calculated('Account', accountId, { NumberOfEmployees: 7 });
    await product.control('PATCH', `records/Campaign/${fair}`, { values: { Type: 'Webinar' } });
    await product.nightly();
    const changed = { ...none, changed: 1 };
    expect(await latestFindings(product)).toEqual({
      salesforce: { leads: changed, contacts: changed, campaign_members: changed },
    });
    const known = await knownRecords(product);
    expect(known[`salesforce/Contact/${contactId}`]).toMatchObject({ fields: { 'company.employees': 7 } });
    await expectAsFresh(product);
  });

  test('tasks that Salesforce cannot list keep no other stream from being compared', async () => {
    const product = await open();
    const fair = await campaign(product);
    const gone = await member(product, fair, 'p0');
    await pass(product, 60_000);
    await hardDelete(product, 'CampaignMember', gone);
    await product.faults({
      match: { path: 'FROM(\\+|%20)Task(\\+|%20)' },
      action: {
        status: 400,
        body: [{ errorCode: 'QUERY_TIMEOUT', message: 'Your query request was running for too long.' }],
      },
    });
    await product.nightly();
    expect(await typesOf(product, leadId(product, 'p0'))).toEqual([]);
    expect(await latestFindings(product)).toMatchObject({ salesforce: { campaign_members: { deleted: 1 } } });
    await product.faults();
  });
});
