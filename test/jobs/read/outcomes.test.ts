// What became of the leads: deals and lifecycle stages are kept as the portal moves them, and change no score.
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
  return (await outcomesOf(product.context.db, lead_id)).filter((each) => each.source === source);
}

/** @returns its id in the portal */
async function makeDeal(keys: readonly string[], environment: string): Promise<string> {
  deals += 1;
  const contactIds = keys.map(product.idOf);
  const made = await product.control('POST', 'deals', {
    contactIds,
    stage: environment,
    name: `Deal ${deals}`,
    amount: 900,
  });
  return Object(made).id;
}

test('a deal in a pipeline that nobody could guess is open, then won on the day on which it was', async () => {
  const id = await makeDeal(['p0', 'p1'], '98213411');
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
    expect(deal?.stages.map(({ stage: environment }) => environment)).toEqual(['98213411', '98213413']);
    expect(Math.abs((deal?.closedAt ?? 0) - wonAt)).toBeLessThan(1_000);
  }
});

test('outcomes make no lead due and no contact dirty, and a quiet round asks for no pipeline', async () => {
  await product.sync();
  const before = await logEnd(product);
  await product.control('PATCH', `deals/${await makeDeal(['p5'], 'contractsent')}`, { stage: 'closedlost' });
  await product.sync();
  expect(await outcomes('p5')).toMatchObject([{ state: 'lost' }]);
  expect((await product.log(before)).filter(({ path }) => path.includes('/pipelines/'))).toHaveLength(1);
  expect(await product.writes(before)).toEqual([]);
  const quiet = await logEnd(product);
  await product.sync();
  const asked = (await product.log(quiet)).map(({ path }) => path);
  expect(asked.filter((path) => path.includes('deals') && !path.endsWith('/deals/search'))).toEqual([]);
  expect(asked.filter((path) => path.endsWith('contacts/batch/read'))).toEqual([]);
  await expectInSync(product);
});

test('a stage that was added since is asked for, with its date', async () => {
  const environment = { id: '98213999', label: 'Verlängert', isClosed: true, probability: 1 };
  const first = await makeDeal(['p2'], 'qualifiedtobuy');
  await product.sync();
  await product.control('POST', 'pipelines/48213957/stages', environment);
  await product.control('PATCH', `deals/${first}`, { stage: environment.id });
  await product.sync();
  const [deal] = await outcomes('p2');
  expect(deal).toMatchObject({ stage: environment.id, state: 'won', pipeline: '48213957' });
  expect(deal?.stages.map((each) => each.stage)).toEqual(['qualifiedtobuy', environment.id]);
});

test('a contact that was taken from a deal, linked to one, or whose deal was deleted, is right in the morning', async () => {
  const kept = await makeDeal(['p3'], 'contractsent');
  const left = await makeDeal(['p3', 'p4'], 'contractsent');
  const removed = await makeDeal(['p3'], 'contractsent');
  await product.sync();
  expect((await outcomes('p3')).map(({ id }) => id).toSorted()).toEqual(
    [kept, left, removed].map((id) => `deal:${id}`).toSorted(),
  );
  await product.control('DELETE', `deals/${left}/contacts/${product.idOf('p3')}`);
  await product.control('PUT', `deals/${kept}/contacts/${product.idOf('p4')}`);
  await product.control('DELETE', `deals/${removed}`);
  await product.nightly();
  expect((await outcomes('p3')).map(({ id }) => id)).toEqual([`deal:${kept}`]);
  expect((await outcomes('p4')).map(({ id }) => id).toSorted()).toEqual([`deal:${kept}`, `deal:${left}`].toSorted());
});

test('a deal that a whole pass does not show is gone', async () => {
  const id = await makeDeal(['p5'], 'contractsent');
  await product.sync();
  expect((await outcomes('p5')).map((deal) => deal.id)).toContain(`deal:${id}`);
  await product.control('DELETE', `deals/${id}`);
  product.advanceClock(60_000);
  await product.backfill();
  expect((await outcomes('p5')).map((deal) => deal.id)).not.toContain(`deal:${id}`);
});

describe('the stages of a lead', () => {
  test('come with the contact: it began as a lead and is a customer now, on the day on which it became one', async () => {
    expect(await outcomes('p1', 'lifecycle')).toMatchObject([
      { stage: 'lead', state: 'open', stages: [{ stage: 'lead', enteredAt: Date.parse('2025-01-01T00:00:00Z') }] },
    ]);
    await product.control('PATCH', `contacts/${product.idOf('p1')}`, { properties: { lifecyclestage: 'customer' } });
    const before = await logEnd(product);
    await product.sync();
    const [lifecycle] = await outcomes('p1', 'lifecycle');
    expect(lifecycle).toMatchObject({ stage: 'customer', state: 'won' });
    expect(lifecycle?.stages.map(({ stage: environment }) => environment)).toEqual(['lead', 'customer']);
    expect(lifecycle?.closedAt).toBe(lifecycle?.stages[1]?.enteredAt);
    expect((await product.log(before)).filter(({ path }) => path.endsWith('contacts/batch/read'))).toHaveLength(1);
  });
});

test('what HubSpot counts of a won deal on its contact is read, though the contact was not modified', async () => {
  const { fields } = await product.context.db
    .selectFrom('records')
    .select('fields')
    .where('id', '=', product.idOf('p0'))
    .executeTakeFirstOrThrow();
  expect(fields['contact.deal_won_at']).toMatch(/^2026-03-11T/);
});

test('of two contacts that are merged the survivor has the deals of both, each once', async () => {
  const both = await makeDeal(['p2', 'p3'], 'contractsent');
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

test('without the scope for deals everything else works, doctor says what would open them, and the night compares the rest', async () => {
  const scopes = ['oauth', 'crm.objects.contacts.read', 'crm.objects.contacts.write', 'crm.objects.companies.read'];
  const all = [...scopes, 'crm.schemas.contacts.read', 'crm.schemas.contacts.write', 'forms', 'sales-email-read'];
  const closed = await openTestProduct({ dataset: leads(2), sandbox: { scopes: all } });
  try {
    const run = await closed.backfill();
    expect(run.state).toBe('done');
    const { connector } = [...closed.context.crms.values()][0] ?? {};
    const checks = await connector?.checkSetup({ statuses: [] }, closed.context.signal);
    expect(checks?.find(({ what }) => what === 'reading deals')).toMatchObject({
      level: 'warning',
      fix: expect.stringContaining('crm.objects.deals.read'),
    });
    const contactId = closed.idOf('p0');
    const meeting = await closed.control('POST', 'activities', { contactId, type: 'meeting' });
    await closed.sync();
    await closed.control('DELETE', `activities/meetings/${Object(meeting).id}`);
    await closed.nightly();
    const gone = await closed.context.db
      .selectFrom('activities')
      .select('gone_at')
      .where('type', '=', 'meeting')
      .execute();
    expect(gone.map(({ gone_at }) => gone_at !== null)).toEqual([true]);
    await expectInSync(closed);
  } finally {
    await closed.close();
  }
});
