// One person in both CRMs has one score, computed from the data of both and written to both.
import { describe, expect, test } from 'vitest';
import { openBothCrms, sumOf } from '../../support/both-crms.ts';
import { leads } from '../../support/leads.ts';

const CLEARED = { total: null, status: null, explanation: null };
const FIT = 70;

describe('a contact and a Lead with one address', () => {
  test('have one score, whose explanation names the CRM of each reason, and whose points add up', async () => {
    const product = await openBothCrms();
    await product.happens({ contact: product.contactId('p0') }, 'form_submission');
    await product.happens({ person: product.leadId('p0') }, 'call');
    expect((await product.backfill()).state).toBe('done');
    const score = await product.inHubSpot('p0');
    expect(score).toMatchObject({ total: FIT + 11_000, status: 'hot' });
    expect(await product.inSalesforce('p0')).toEqual(score);
    expect(sumOf(score.explanation)).toBe(score.total);
    expect(score.explanation?.split('\n').slice(1, 6)).toEqual([
      '+10000 Filled in a form (3 Mar 2026; HubSpot)',
      '+1000 Called (3 Mar 2026; Salesforce)',
      '+40 VP (Job title; HubSpot)',
      '+20 Uses Salesforce (Technology; HubSpot)',
      '+10 Large (Company size; HubSpot)',
    ]);
    expect(await product.inHubSpot('p1')).toMatchObject({ total: FIT });
    expect(await product.inSalesforce('p1')).toEqual(await product.inHubSpot('p1'));
    expect(product.lines.filter(({ level }) => level !== 'info')).toEqual([]);
  });

  test('are not written again by a second backfill', async () => {
    const product = await openBothCrms();
    await product.backfill();
    const before = await product.writesSent();
    product.advanceClock(600_000);
    expect((await product.backfill()).state).toBe('done');
    await product.sync();
    expect(await product.writesSent()).toBe(before);
  });

  test('count a meeting that is entered in both CRMs once, and a meeting of a person in HubSpot only', async () => {
    const product = await openBothCrms({ hubspot: leads(3) });
    await product.happens({ contact: product.contactId('p0') }, 'meeting');
    await product.happens({ person: product.leadId('p0') }, 'meeting');
    await product.happens({ contact: product.contactId('p2') }, 'meeting');
    await product.backfill();
    expect(await product.inHubSpot('p0')).toMatchObject({ total: FIT + 100 });
    expect(await product.inHubSpot('p2')).toMatchObject({ total: FIT + 100 });
  });

  test('have a call that is logged in Salesforce in the score in HubSpot after one sync', async () => {
    const product = await openBothCrms();
    await product.backfill();
    product.advanceClock(60_000);
    await product.happens({ person: product.leadId('p0') }, 'call', product.clock.now().toISOString());
    await product.sync();
    expect(await product.inHubSpot('p0')).toMatchObject({ total: FIT + 1000 });
    expect(await product.inSalesforce('p0')).toEqual(await product.inHubSpot('p0'));
  });

  test('use the value of the other CRM for a field that is unknown in the preferred CRM', async () => {
    const product = await openBothCrms({ hubspot: leads(2, { jobTitle: null }) });
    await product.backfill();
    const { total, explanation } = await product.inSalesforce('p0');
    expect(total).toBe(FIT);
    expect(explanation).toContain('+40 VP (Job title; Salesforce)');
    expect(explanation).toContain('+20 Uses Salesforce (Technology; HubSpot)');
    await product.hubspot('PATCH', `contacts/${product.contactId('p0')}`, { properties: { jobtitle: 'Clerk' } });
    await product.sync();
    expect(await product.inSalesforce('p0')).toMatchObject({ total: FIT - 40 });
  });

  test('are out of scope in both CRMs if one of them is a customer, and are cleared once', async () => {
    const product = await openBothCrms();
    await product.backfill();
    await product.hubspot('PATCH', `contacts/${product.contactId('p0')}`, {
      properties: { lifecyclestage: 'customer' },
    });
    const { accountId, contactId } = await product.convert('p1');
    await product.control('PATCH', `records/Account/${accountId}`, { values: { Type: 'Customer - Direct' } });
    await product.sync();
    for (const key of ['p0', 'p1']) expect(await product.inHubSpot(key)).toEqual(CLEARED);
    expect(await product.inSalesforce('p0')).toEqual(CLEARED);
    expect(await product.inSalesforce('p1', contactId)).toEqual(CLEARED);
    const before = await product.writesSent();
    await product.sync();
    await product.nightly();
    expect(await product.writesSent()).toBe(before);
  });
});

describe('an e-mail address', () => {
  test('of a shared inbox matches no records', async () => {
    const product = await openBothCrms({
      dataset: leads(1, { email: 'info@acme.example' }),
      hubspot: leads(1, { email: 'info@acme.example' }),
    });
    await product.happens({ person: product.leadId('p0') }, 'call');
    await product.backfill();
    expect([(await product.inHubSpot('p0')).total, (await product.inSalesforce('p0')).total]).toEqual([FIT, 1050]);
  });

  test('of six records matches none of them, until only five have it', async () => {
    const email = 'pat@acme.example';
    const product = await openBothCrms({ dataset: leads(5, { email }), hubspot: leads(1, { email }) });
    await product.happens({ person: product.leadId('p0') }, 'call');
    await product.backfill();
    expect(await product.inHubSpot('p0')).toMatchObject({ total: FIT });
    await product.control('PATCH', `records/Lead/${product.leadId('p4')}`, { values: { Email: 'p4@acme.example' } });
    await product.sync();
    expect(await product.inHubSpot('p0')).toMatchObject({ total: FIT + 1000 });
    expect(await product.inSalesforce('p3')).toEqual(await product.inHubSpot('p0'));
    expect(await product.inSalesforce('p4')).toMatchObject({ total: 50 });
  });

  test('that changes splits the person, activities stay with their record, and the original address joins it again', async () => {
    const product = await openBothCrms();
    const contact = product.contactId('p0');
    await product.happens({ contact }, 'form_submission');
    await product.happens({ person: product.leadId('p0') }, 'call');
    await product.backfill();
    await product.hubspot('PATCH', `contacts/${contact}`, { properties: { email: 'other@else.example' } });
    await product.sync();
    expect(await product.inHubSpot('p0')).toMatchObject({ total: FIT + 10_000 });
    expect(await product.inSalesforce('p0')).toMatchObject({ total: 1050 });
    const other = await product.inSalesforce('p0');
    expect([sumOf(other.explanation), other.explanation]).toEqual([1050, expect.not.stringContaining('HubSpot')]);
    await product.hubspot('PATCH', `contacts/${contact}`, { properties: { email: 'P0@acme.example' } });
    await product.sync();
    expect(await product.inHubSpot('p0')).toMatchObject({ total: FIT + 11_000 });
    expect(await product.inSalesforce('p0')).toEqual(await product.inHubSpot('p0'));
  });
});
