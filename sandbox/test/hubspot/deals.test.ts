import { expect, test } from 'vitest';
import { startTestSandbox, type TestSandbox } from './sandbox-under-test.ts';

let sandbox: TestSandbox;

const DEALS = '/crm/objects/2026-03/deals';

async function createDeal(contactIds: readonly string[], stage: string): Promise<string> {
  const { status, body } = await sandbox.control('POST', '/deals', { contactIds, stage, amount: 900 });
  expect(status).toBe(201);
  return body.id;
}

test('pipelines list closed and won stages as text metadata, and one pipeline has custom IDs and labels', async () => {
  sandbox = await startTestSandbox();
  const { status, body } = await sandbox.call('GET', '/crm/pipelines/2026-03/deals');
  expect(status).toBe(200);
  expect(body.results.map(({ id }: { id: string }) => id)).toEqual(['default', '48213957']);
  const [sales, partners] = body.results;
  expect(sales.stages.at(-2)).toMatchObject({ id: 'closedwon', metadata: { isClosed: 'true', probability: '1.0' } });
  expect(partners.stages[2]).toMatchObject({
    id: '98213413',
    label: 'Gewonnen',
    metadata: { isClosed: 'true', probability: '1.0' },
  });
  expect((await sandbox.call('GET', '/crm/pipelines/2026-03/tickets')).status).toBe(400);
});

test('without the deals scope, deals, pipelines and links between contacts and deals are a 403', async () => {
  sandbox = await startTestSandbox({ scopes: ['crm.objects.contacts.read'] });
  for (const [method, path, body] of [
    ['GET', DEALS, undefined],
    ['GET', '/crm/pipelines/2026-03/deals', undefined],
    ['POST', '/crm/associations/2026-03/contacts/deals/batch/read', { inputs: [{ id: sandbox.id(0) }] }],
  ] as const) {
    expect((await sandbox.call(method, path, body)).body).toMatchObject({
      category: 'MISSING_SCOPES',
      errors: [{ context: { requiredGranularScopes: ['crm.objects.deals.read'] } }],
    });
  }
});

test('a moved deal has the date of each stage and is won with its stage, and its contacts keep their modification time', async () => {
  sandbox = await startTestSandbox();
  const contact = sandbox.id(0);
  const before = (await sandbox.control('GET', `/contacts/${contact}`)).body;
  const id = await createDeal([contact], '98213411');
  sandbox.advanceClock(60_000);
  await sandbox.control('PATCH', `/deals/${id}`, { stage: '98213413' });
  const properties = [
    ...['hs_is_closed_won', 'closedate', 'hs_v2_date_entered_98213411', 'hs_v2_date_entered_98213413', 'pipeline'],
    ...['hs_v2_date_entered_98213414', 'nothing_of_the_kind'],
  ].join(',');
  const { body } = await sandbox.call('GET', `${DEALS}/${id}?properties=${properties}&associations=contacts`);
  expect(body.properties).toMatchObject({
    hs_is_closed_won: 'true',
    pipeline: '48213957',
    closedate: '2026-03-10T12:01:00.000Z',
    hs_v2_date_entered_98213411: '2026-03-10T12:00:00.000Z',
    hs_v2_date_entered_98213413: '2026-03-10T12:01:00.000Z',
    hs_v2_date_entered_98213414: null,
  });
  expect(body.properties).not.toHaveProperty('nothing_of_the_kind');
  expect(body.associations.contacts.results).toMatchObject([{ id: contact }]);
  const after = (await sandbox.control('GET', `/contacts/${contact}`)).body;
  expect(after.updatedAt).toBe(before.updatedAt);
  expect(after.properties).toMatchObject({
    num_associated_deals: '1',
    recent_deal_close_date: '2026-03-10T12:01:00.000Z',
    recent_deal_amount: '900',
  });
  await sandbox.control('DELETE', `/deals/${id}`);
  expect((await sandbox.call('GET', `${DEALS}/${id}`)).status).toBe(404);
  expect((await sandbox.control('GET', `/contacts/${contact}`)).body.properties).not.toHaveProperty(
    'num_associated_deals',
  );
});

test('a stage that an admin adds accepts deals and has its own date property', async () => {
  sandbox = await startTestSandbox();
  const stage = { id: '98213999', label: 'Verlängert', isClosed: true, probability: 1 };
  expect((await sandbox.control('POST', '/deals', { stage: stage.id })).status).toBe(400);
  await sandbox.control('POST', '/pipelines/48213957/stages', stage);
  const id = await createDeal([], stage.id);
  const { body } = await sandbox.call('GET', `${DEALS}/${id}?properties=hs_v2_date_entered_98213999,hs_is_closed_won`);
  expect(body.properties).toMatchObject({ hs_is_closed_won: 'true', hs_v2_date_entered_98213999: expect.any(String) });
});

test("a contact that enters a lifecycle stage gets the stage's date", async () => {
  sandbox = await startTestSandbox();
  await sandbox.control('PATCH', `/contacts/${sandbox.id(1)}`, { properties: { lifecyclestage: 'customer' } });
  const { body } = await sandbox.control('GET', `/contacts/${sandbox.id(1)}`);
  expect(body.properties).toMatchObject({
    hs_lifecyclestage_lead_date: '2025-01-01T00:00:00.000Z',
    hs_lifecyclestage_customer_date: '2026-03-10T12:00:00.000Z',
  });
});
