// Links that HubSpot's own Salesforce integration stores on a contact. They take precedence over
// addresses, and follow a Lead that is converted.
import { expect, test } from 'vitest';
import { leadgradeHere } from '../../cli/run-command.ts';
import { type BothCrms, openBothCrms, sumOf } from '../../support/both-crms.ts';
import { leads } from '../../support/leads.ts';

const FIT = 70;

const link = (product: BothCrms, key: string, ids: { leadId?: string | null; contactId?: string | null }) =>
  product.hubspot('PUT', `contacts/${product.contactId(key)}/salesforce-ids`, ids);

/** One person under two addresses, linked. */
async function openLinked(): Promise<BothCrms> {
  const product = await openBothCrms({ hubspot: leads(2, { email: null }) });
  await link(product, 'p0', { leadId: product.leadId('p0') });
  return product;
}

test('a contact is one person with the Lead that it links to, and not with another Lead that has the same address', async () => {
  const product = await openBothCrms();
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

test('a link to a converted Lead leads to its Contact, before and after HubSpot updates the link', async () => {
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
  // The Lead keeps its values: a converted Lead cannot be written.
  expect(await product.inSalesforce('p0')).toMatchObject({ total: FIT + 1000 });
  expect(await product.writesSent()).toBe(before + 2);
  await link(product, 'p0', { leadId: null, contactId });
  await product.sync();
  await product.nightly();
  expect(await product.inHubSpot('p0')).toEqual(seen);
  expect(await product.writesSent()).toBe(before + 2);
});

test('a Contact keeps the status and history of its converted Lead, and `explain` lists both records of the person', async () => {
  const product = await openLinked();
  await product.happens({ person: product.leadId('p0') }, 'call');
  await product.happens({ person: product.leadId('p0') }, 'meeting');
  await product.backfill();
  expect(await product.inHubSpot('p0')).toMatchObject({ total: FIT + 1100, status: 'hot' });
  const { contactId } = await product.convert('p0');
  for (const task of await callsOf(product)) await product.control('DELETE', `records/Task/${task}`);
  await product.sync();
  // Below the band's threshold and within its hysteresis: a hot lead stays hot.
  const seen = await product.inSalesforce('p0', contactId);
  expect(seen).toMatchObject({ total: FIT + 100, status: 'hot' });
  expect(await product.inHubSpot('p0')).toEqual(seen);
  const explained = await leadgradeHere(['explain', `salesforce:${contactId}`], { env: product.env });
  expect(explained.code).toBe(0);
  const lines = explained.stdout.split('\n');
  expect(lines).toContain(`  hubspot:${product.contactId('p0')} (contacts)`);
  expect(lines).toContain(`  salesforce:${contactId} (Contact)`);
  expect(lines.some((line) => / hot {2}1170 {2}first score/.test(line))).toBe(true);
  expect(sumOf(explained.stdout)).toBe(FIT + 100);
  const explainedLead = await leadgradeHere(['explain', `salesforce:${product.leadId('p0')}`, '--json'], {
    env: product.env,
  });
  expect(JSON.parse(explainedLead.stdout)).toMatchObject({
    total: FIT + 100,
    records: [{ crm: 'hubspot' }, { crm: 'salesforce', object: 'Contact', id: contactId }],
  });
});

async function callsOf({ context }: BothCrms): Promise<readonly string[]> {
  const rows = await context.db.selectFrom('activities').select('id').where('type', '=', 'call').execute();
  return rows.map(({ id }) => id.replace('task:', ''));
}
