// Outcomes of leads: deals and lifecycle stages are stored with their history, and change no score.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outcomesOf } from '../../../src/store/activities/outcomes.ts';
import { leads } from '../../support/leads.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';
import { expectInSync, logEnd } from '../faults/assertions.ts';

let product: TestProduct;
let deals = 0;
beforeAll(async () => {
  product = await openTestProduct({ dataset: leads(6) });
  product.advanceClock(60_000);
  await product.backfill();
});
afterAll(() => product.close());

async function outcomes(key: string, source = 'deals') {
  const { lead_id } = await product.context.db
    .selectFrom('records')
    .select('lead_id')
    .where('id', '=', product.idOf(key))
    .executeTakeFirstOrThrow();
  return (await outcomesOf(product.context.db, lead_id)).filter((outcome) => outcome.source === source);
}

/** @returns its ID in the portal */
async function createDeal(keys: readonly string[], stage: string): Promise<string> {
  deals += 1;
  const contactIds = keys.map(product.idOf);
  const created = await product.control('POST', 'deals', {
    contactIds,
    stage,
    name: `Deal ${deals}`,
    amount: 900,
  });
  return Object(created).id;
}

test('a deal in a custom pipeline is open, then won at the instant of the change', async () => {
  const id = await createDeal(['p0', 'p1'], '98213411');
  await product.sync();
  expect(await outcomes('p0')).toMatchObject([
    { id: `deal:${id}`, pipeline: '48213957', stage: '98213411', state: 'open', amount: 900, closedAt: null },
  ]);
  product.advanceClock(86_400_000);
  await product.control('PATCH', `deals/${id}`, { stage: '98213413' });
  const wonAt = product.clock.now().getTime();
  await product.sync();
  for (const key of ['p0', 'p1']) {
    const [deal] = await outcomes(key);
    expect(deal).toMatchObject({ id: `deal:${id}`, state: 'won', currency: 'USD' });
    expect(deal?.stages.map(({ stage }) => stage)).toEqual(['98213411', '98213413']);
    expect(Math.abs((deal?.closedAt ?? 0) - wonAt)).toBeLessThan(1_000);
  }
});

test('outcomes make no lead due and no contact dirty, and a sync without changes requests no pipeline', async () => {
  await product.sync();
  const before = await logEnd(product);
  await product.control('PATCH', `deals/${await createDeal(['p5'], 'contractsent')}`, { stage: 'closedlost' });
  await product.sync();
  expect(await outcomes('p5')).toMatchObject([{ state: 'lost' }]);
  expect((await product.log(before)).filter(({ path }) => path.includes('/pipelines/'))).toHaveLength(1);
  expect(await product.writes(before)).toEqual([]);
  const beforeIdleSync = await logEnd(product);
  await product.sync();
  const paths = (await product.log(beforeIdleSync)).map(({ path }) => path);
  expect(paths.filter((path) => path.includes('deals') && !path.endsWith('/deals/search'))).toEqual([]);
  expect(paths.filter((path) => path.endsWith('contacts/batch/read'))).toEqual([]);
  await expectInSync(product);
});

test('a stage that was added later is read, with its date', async () => {
  const added = { id: '98213999', label: 'Verlängert', isClosed: true, probability: 1 };
  const first = await createDeal(['p2'], 'qualifiedtobuy');
  await product.sync();
  await product.control('POST', 'pipelines/48213957/stages', added);
  await product.control('PATCH', `deals/${first}`, { stage: added.id });
  await product.sync();
  const [deal] = await outcomes('p2');
  expect(deal).toMatchObject({ stage: added.id, state: 'won', pipeline: '48213957' });
  expect(deal?.stages.map(({ stage }) => stage)).toEqual(['qualifiedtobuy', added.id]);
});

test('the next night finds a contact removed from a deal, a contact added to one, and a deleted deal', async () => {
  const unchanged = await createDeal(['p3'], 'contractsent');
  const left = await createDeal(['p3', 'p4'], 'contractsent');
  const removed = await createDeal(['p3'], 'contractsent');
  await product.sync();
  expect((await outcomes('p3')).map(({ id }) => id).toSorted()).toEqual(
    [unchanged, left, removed].map((id) => `deal:${id}`).toSorted(),
  );
  await product.control('DELETE', `deals/${left}/contacts/${product.idOf('p3')}`);
  await product.control('PUT', `deals/${unchanged}/contacts/${product.idOf('p4')}`);
  await product.control('DELETE', `deals/${removed}`);
  await product.nightly();
  expect((await outcomes('p3')).map(({ id }) => id)).toEqual([`deal:${unchanged}`]);
  expect((await outcomes('p4')).map(({ id }) => id).toSorted()).toEqual(
    [`deal:${unchanged}`, `deal:${left}`].toSorted(),
  );
});

test('a deal that a full sync does not list is gone', async () => {
  const id = await createDeal(['p5'], 'contractsent');
  await product.sync();
  expect((await outcomes('p5')).map((deal) => deal.id)).toContain(`deal:${id}`);
  await product.control('DELETE', `deals/${id}`);
  product.advanceClock(60_000);
  await product.backfill();
  expect((await outcomes('p5')).map((deal) => deal.id)).not.toContain(`deal:${id}`);
});

describe('the lifecycle stages of a lead', () => {
  test('are read with the contact, each with the instant at which it was entered', async () => {
    expect(await outcomes('p1', 'lifecycle')).toMatchObject([
      { stage: 'lead', state: 'open', stages: [{ stage: 'lead', enteredAt: Date.parse('2025-01-01T00:00:00Z') }] },
    ]);
    await product.control('PATCH', `contacts/${product.idOf('p1')}`, { properties: { lifecyclestage: 'customer' } });
    const before = await logEnd(product);
    await product.sync();
    const [lifecycle] = await outcomes('p1', 'lifecycle');
    expect(lifecycle).toMatchObject({ stage: 'customer', state: 'won' });
    expect(lifecycle?.stages.map(({ stage }) => stage)).toEqual(['lead', 'customer']);
    expect(lifecycle?.closedAt).toBe(lifecycle?.stages[1]?.enteredAt);
    expect((await product.log(before)).filter(({ path }) => path.endsWith('contacts/batch/read'))).toHaveLength(1);
  });
});

test('the date of a won deal that HubSpot stores on its contact is read although the contact was not modified', async () => {
  const { fields } = await product.context.db
    .selectFrom('records')
    .select('fields')
    .where('id', '=', product.idOf('p0'))
    .executeTakeFirstOrThrow();
  expect(fields['contact.deal_won_at']).toMatch(/^2026-03-11T/);
});

test('the survivor of two merged contacts has the deals of both, each once', async () => {
  const both = await createDeal(['p2', 'p3'], 'contractsent');
  await product.sync();
  const mine = (await outcomes('p2')).map(({ id }) => id);
  const theirs = (await outcomes('p3')).map(({ id }) => id);
  expect(mine).toContain(`deal:${both}`);
  await product.control('POST', 'merge', { primaryId: product.idOf('p2'), mergedId: product.idOf('p3') });
  await product.sync();
  await product.sync();
  await product.nightly();
  expect((await outcomes('p2')).map(({ id }) => id).toSorted()).toEqual([...new Set([...mine, ...theirs])].toSorted());
  expect(await outcomes('p3')).toEqual([]);
  expect(await outcomes('p2', 'lifecycle')).toHaveLength(1);
});

test('without the scope for deals, the setup check names the scope, and all other data is read and compared', async () => {
  const scopes = ['oauth', 'crm.objects.contacts.read', 'crm.objects.contacts.write', 'crm.objects.companies.read'];
  const all = [...scopes, 'crm.schemas.contacts.read', 'crm.schemas.contacts.write', 'forms', 'sales-email-read'];
  const limited = await openTestProduct({ dataset: leads(2), sandbox: { scopes: all } });
  const run = await limited.backfill();
  expect(run.state).toBe('done');
  const { connector } = [...limited.context.crms.values()][0] ?? {};
  const checks = await connector?.checkSetup({ statuses: [] }, limited.context.signal);
  expect(checks?.find(({ what }) => what === 'reading deals')).toMatchObject({
    level: 'warning',
    fix: expect.stringContaining('crm.objects.deals.read'),
  });
  const contactId = limited.idOf('p0');
  const meeting = await limited.control('POST', 'activities', { contactId, type: 'meeting' });
  await limited.sync();
  await limited.control('DELETE', `activities/meetings/${Object(meeting).id}`);
  await limited.nightly();
  const gone = await limited.context.db
    .selectFrom('activities')
    .select('gone_at')
    .where('type', '=', 'meeting')
    .execute();
  expect(gone.map(({ gone_at }) => gone_at !== null)).toEqual([true]);
  await expectInSync(limited);
});
