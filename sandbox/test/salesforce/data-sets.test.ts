// Seeding an org: with the seeded data set, and with leadforge data.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadLeadforge } from '../../dataset/leadforge.ts';
import { seededDataset } from '../../dataset/seeded.ts';
import { fullId, idOf } from '../../salesforce/ids.ts';
import { NOW, startTestOrg } from './sandbox-under-test.ts';

test('seeded people are leads, and those with an opportunity are converted', async () => {
  const dataset = seededDataset({ contacts: 300, seed: 1, now: NOW });
  const org = await startTestOrg({ dataset });
  const count = async (rest: string) => (await org.query(`SELECT COUNT() FROM ${rest}`, true)).body.totalSize;
  const deals = dataset.opportunities.length;
  expect(deals).toBeGreaterThan(10);
  expect(await count('Lead')).toBe(300);
  expect(await count('Lead WHERE IsConverted = true AND ConvertedContactId != null')).toBe(deals);
  expect([await count('Contact'), await count('OpportunityContactRole'), await count('Opportunity')]).toEqual([
    deals,
    deals,
    deals,
  ]);
  // A lead that was converted without a company got a new account.
  const alone = new Set(dataset.opportunities.filter(({ company }) => company === null)).size;
  expect(await count('Account')).toBe(dataset.companies.length + alone);
  const calls = dataset.activities.filter(({ type }) => type === 'call').length;
  expect(await count("Task WHERE TaskSubtype = 'Call'")).toBe(calls);
  expect(await count('Task WHERE WhoId IN (SELECT Id FROM Lead WHERE IsConverted = true)')).toBe(0);
  expect(await count('EmailMessage WHERE IsOpened = true')).toBeGreaterThan(10);
  expect(await count('CampaignMember WHERE HasResponded = true')).toBeGreaterThan(10);
});

test('record IDs have the checksum of Salesforce', () => {
  // An example from Salesforce's documentation.
  expect(fullId('001xx000003DGb2')).toBe('001xx000003DGb2AAG');
  expect([fullId('001xx000003DGb2AAH'), fullId('001xx000003DGb'), fullId("001xx000003DG'2")]).toEqual([
    null,
    null,
    null,
  ]);
  expect(idOf('00Q', 62)).toBe('00QgL0000000010UAA');
});

const PUBLIC_DATA = resolve(import.meta.dirname, '../../../../shared/data/leadforge');
const present = existsSync(PUBLIC_DATA);
if (!present) console.warn(`SKIPPED: the org with the public leadforge data, because ${PUBLIC_DATA} does not exist.`);

describe.skipIf(!present)('an org with the public leadforge data set', () => {
  test('has one lead per lead_id, and one contact with a role per opportunity', { timeout: 60_000 }, async () => {
    const org = await startTestOrg({ dataset: loadLeadforge(PUBLIC_DATA) });
    const count = async (rest: string) => (await org.query(`SELECT COUNT() FROM ${rest}`, true)).body.totalSize;
    const counts = ['Account', 'Lead', 'Lead WHERE IsConverted = true', 'Contact', 'OpportunityContactRole'].map(count);
    expect(await Promise.all(counts)).toEqual([1500, 5000, 4255, 4255, 4255]);
    expect(await count("Task WHERE TaskSubtype = 'Call'")).toBe(7758 + 5210);
    expect(org.leadIds.get('lead_000001')).toMatch(/^00Q/);
  });
});
