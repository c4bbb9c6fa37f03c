// What HubSpot's own Salesforce integration says of a contact: links are stronger than addresses, and follow a Lead that is converted.
import { expect, test } from 'vitest';
import { leadgradeHere } from '../../cli/run-command.ts';
import { type BothCrms, bothCrms, sumOf } from '../../support/both-crms.ts';
import { leads } from '../../support/leads.ts';

const open = bothCrms();

const FIT = 70;

const link = (product: BothCrms, key: string, ids: { leadId?: string | null; contactId?: string | null }) =>
  product.hubspot('PUT', `contacts/${product.contactId(key)}/salesforce-ids`, ids);

/** One person under two addresses, linked. */
async function openLinked(): Promise<BothCrms> {
  const product = await open({ hubspot: leads(2, { email: null }) });
  await link(product, 'p0', { leadId: product.leadId('p0') });
  return product;
}

test('a contact that names its Lead is one person with it, and not with another one that has its address', async () => {
  const product = await open();
  await link(product, 'p0', { leadId: product.leadId('p1') });
  await product.happens({ person: product.leadId('p0') }, 'call');
  await product.happens({ person: product.leadId('p1') }, 'meeting');
  await product.backfill();
  expect(await product.inHubSpot('p0')).toMatchObject({ total: FIT + 100 });
  expect(await product.inSalesforce('p1')).toEqual(await product.inHubSpot('p0'));
  expect(await product.inSalesforce('p0')).toMatchObject({ total: 1050 });
  await link(product, 'p0', { leadId: null });
  await product.sync();
  expect(await product.inHubSpot('p0')).toMatchObject({ total: FIT + 1000 });
  expect(await product.inSalesforce('p0')).toEqual(await product.inHubSpot('p0'));
});

test('the link to a Lead that is converted leads to its Contact, before and after HubSpot has noticed', async () => {
  const product = await openLinked();
  await product.happens({ person: product.leadId('p0') }, 'call');
  await product.backfill();
  expect(await product.inHubSpot('p0')).toMatchObject({ total: FIT + 1000 });
  const { contactId } = await product.convert('p0');
  await product.happens({ person: contactId }, 'meeting');
  const before = await product.writesSent();
  await product.sync();
  const seen = await product.inHubSpot('p0');
  expect(seen).toMatchObject({ total: FIT + 1100 });
  expect(await product.inSalesforce('p0', contactId)).toEqual(seen);
  // The Lead is left as it is: a converted one cannot be written.
  expect(await product.inSalesforce('p0')).toMatchObject({ total: FIT + 1000 });
  expect(await product.writesSent()).toBe(before + 2);
  await link(product, 'p0', { leadId: null, contactId });
  await product.sync();
  await product.nightly();
  expect(await product.inHubSpot('p0')).toEqual(seen);
  expect(await product.writesSent()).toBe(before + 2);
});

test("a Contact goes on with its Lead's status and history, and explain lists both of a person's records", async () => {
  const product = await openLinked();
  await product.happens({ person: product.leadId('p0') }, 'call');
  await product.happens({ person: product.leadId('p0') }, 'meeting');
  await product.backfill();
  expect(await product.inHubSpot('p0')).toMatchObject({ total: FIT + 1100, status: 'hot' });
  const { contactId } = await product.convert('p0');
  for (const task of await callsOf(product)) await product.control('DELETE', `records/Task/${task}`);
  await product.sync();
  // Below the band's floor, and within its hysteresis: whoever was hot stays so.
  const seen = await product.inSalesforce('p0', contactId);
  expect(seen).toMatchObject({ total: FIT + 100, status: 'hot' });
  expect(await product.inHubSpot('p0')).toEqual(seen);
  const told = await leadgradeHere(['explain', `salesforce:${contactId}`], { env: product.env });
  expect(told.code).toBe(0);
  const lines = told.stdout.split('\n');
  expect(lines).toContain(`  hubspot:${product.contactId('p0')} (contacts)`);
  expect(lines).toContain(`  salesforce:${contactId} (Contact)`);
  expect(lines.some((line) => / 1170 = .* hot {2}\(\w+, people@1\)$/.test(line))).toBe(true);
  expect(sumOf(told.stdout)).toBe(FIT + 100);
  const ofLead = await leadgradeHere(['explain', `salesforce:${product.leadId('p0')}`, '--json'], { env: product.env });
  expect(JSON.parse(ofLead.stdout)).toMatchObject({
    total: FIT + 100,
    records: [{ crm: 'hubspot' }, { crm: 'salesforce', object: 'Contact', id: contactId }],
  });
});

async function callsOf({ context }: BothCrms): Promise<readonly string[]> {
  const rows = await context.db.selectFrom('activities').select('id').where('type', '=', 'call').execute();
  return rows.map(({ id }) => id.replace('task:', ''));
}
