// One of two CRMs is down, is configured later or is removed, or a person is deleted in one of
// them: the other CRM stays current.
import { describe, expect, test } from 'vitest';
import { type BothCrms, openBothCrms } from '../../support/both-crms.ts';
import { leads } from '../../support/leads.ts';
import { runProduct } from '../../support/running-product.ts';

const FIT = 70;
const DOWN = { match: {}, action: { status: 503 } };
const MINUTE = 60_000;

describe('while Salesforce is down', () => {
  test('since before the first sync, HubSpot is read, scored and written with one warning; afterwards both have one score', async () => {
    const product = await openBothCrms();
    await product.happens({ person: product.leadId('p0') }, 'call');
    await product.happens({ contact: product.contactId('p0') }, 'meeting');
    await product.control('PUT', 'app', { hasRunAs: false });
    await product.control('POST', 'tokens/expire');
    expect((await product.backfill()).state).toBe('done');
    expect(await product.inHubSpot('p0')).toMatchObject({ total: FIT + 100 });
    expect(await product.inHubSpot('p1')).toMatchObject({ total: FIT });
    expect(product.lines.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
      expect.stringMatching(/^salesforce: /),
    ]);
    await product.control('PUT', 'app', { hasRunAs: true });
    product.advanceClock(5 * MINUTE + 1_000);
    await product.poll();
    // Salesforce is preferred for meetings, and it has none of this person. The call is from
    // Salesforce.
    expect(await product.inHubSpot('p0')).toMatchObject({ total: FIT + 1000 });
    expect(await product.inSalesforce('p0')).toEqual(await product.inHubSpot('p0'));
    expect(await product.inSalesforce('p1')).toMatchObject({ total: FIT });
  });

  test('in the middle of its first sync, scoring waits two minutes for it, and then treats its activities as unobserved', async () => {
    const product = await openBothCrms();
    await product.happens({ person: product.leadId('p0') }, 'call');
    await product.happens({ contact: product.contactId('p0') }, 'meeting');
    await product.faults({ match: { path: 'FROM(%20|\\+)(Task|Event|Organization)' }, action: { status: 503 } });
    await product.backfill();
    expect(await product.inHubSpot('p0')).toMatchObject({ total: null });
    for (let minute = 0; minute < 3; minute++) {
      product.advanceClock(MINUTE);
      await product.poll();
    }
    // The Lead was read and its activities were not, so the meeting from HubSpot counts.
    expect(await product.inHubSpot('p0')).toMatchObject({ total: FIT + 100 });
    await product.faults();
    product.advanceClock(MINUTE);
    await product.poll();
    expect(await product.inHubSpot('p0')).toMatchObject({ total: FIT + 1000 });
    expect(await product.inSalesforce('p0')).toEqual(await product.inHubSpot('p0'));
  });

  test('activities in HubSpot are scored and written there, and the score reaches Salesforce afterwards', async () => {
    const product = await openBothCrms();
    await product.backfill();
    await product.faults(DOWN);
    await product.happens({ contact: product.contactId('p0') }, 'form_submission');
    await product.sync();
    expect(await product.inHubSpot('p0')).toMatchObject({ total: FIT + 10_000 });
    expect(await product.inSalesforce('p0')).toMatchObject({ total: FIT });
    await product.faults();
    product.advanceClock(MINUTE);
    await product.poll();
    expect(await product.inSalesforce('p0')).toEqual(await product.inHubSpot('p0'));
  });
});

test('after Salesforce is removed from the settings, HubSpot is scored alone and runs end; added again, both have one score', async () => {
  const product = await openBothCrms();
  await product.happens({ person: product.leadId('p0') }, 'call');
  await product.backfill();
  await product.faults(DOWN);
  await product.hubspot('PATCH', `contacts/${product.contactId('p1')}`, { properties: { jobtitle: 'Clerk' } });
  await product.sync();
  await product.product.close();
  const withoutSalesforce = Object.entries(product.env).filter(([name]) => !name.startsWith('SALESFORCE_'));
  const alone = await runProduct(Object.fromEntries(withoutSalesforce), product.clock);
  expect((await alone.sync()).state).toBe('done');
  await alone.nightly();
  const nights = await alone.context.db.selectFrom('runs').select('state').where('job', '=', 'nightly').execute();
  await alone.close();
  expect(nights).toEqual([{ state: 'done' }]);
  expect(await product.inHubSpot('p0')).toMatchObject({ total: FIT, explanation: expect.not.stringContaining('CRM') });
  expect(await product.inHubSpot('p1')).toMatchObject({ total: FIT - 40 });
  expect(await product.inSalesforce('p0')).toMatchObject({ total: FIT + 1000 });
  await product.faults();
  await product.restart();
  await product.sync();
  expect(await product.inHubSpot('p0')).toMatchObject({ total: FIT + 1000 });
  expect(await product.inSalesforce('p0')).toMatchObject({ total: FIT + 1000 });
  expect(await product.inSalesforce('p1')).toMatchObject({ total: FIT - 40 });
});

describe('a contact that is', () => {
  async function openWithActivities(): Promise<BothCrms> {
    const product = await openBothCrms({ dataset: leads(2, { jobTitle: null }) });
    await product.happens({ contact: product.contactId('p0') }, 'form_submission');
    await product.happens({ person: product.leadId('p0') }, 'call');
    await product.backfill();
    expect(await product.inSalesforce('p0')).toMatchObject({ total: FIT + 11_000 });
    return product;
  }

  test('deleted in HubSpot leaves its Lead scored from the data in Salesforce alone', async () => {
    const product = await openWithActivities();
    await product.hubspot('DELETE', `contacts/${product.contactId('p0')}`);
    await product.nightly();
    expect(await product.inSalesforce('p0')).toMatchObject({ total: 1010 });
    await product.hubspot('POST', `contacts/${product.contactId('p0')}/restore`);
    await product.nightly();
    expect(await product.inSalesforce('p0')).toMatchObject({ total: FIT + 11_000 });
    expect(await product.inHubSpot('p0')).toMatchObject({ total: FIT + 11_000 });
  });

  test('deleted in HubSpot for privacy leaves no data from HubSpot in Salesforce or in the store', async () => {
    const product = await openWithActivities();
    await product.hubspot('POST', `contacts/${product.contactId('p0')}/privacy-deletion`);
    // Without a webhook, a contact is erased when it was gone the night before, too.
    await product.nightly();
    product.advanceClock(24 * 3_600_000);
    await product.nightly();
    const { total, explanation } = await product.inSalesforce('p0');
    expect(total).toBe(1010);
    expect(explanation).not.toMatch(/HubSpot|form|VP/);
    const { db } = product.context;
    const record = await db
      .selectFrom('records')
      .select(['fields', 'lead_id'])
      .where('crm', '=', 'hubspot')
      .where('id', '=', product.contactId('p0'))
      .executeTakeFirstOrThrow();
    expect(record.fields).toEqual({});
    const past = await db.selectFrom('results').select('contributions').where('lead_id', '=', record.lead_id).execute();
    const signals = past.flatMap(({ contributions }) => contributions.map(([signal]) => signal));
    expect(signals.filter((signal) => !['size', 'call'].includes(signal))).toEqual([]);
  });
});
