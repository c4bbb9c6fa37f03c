// Loading leadforge data: a small folder written here, and the public data set if it lies beside
// the project.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadLeadforge, loadRecentLeadforge } from '../../dataset/leadforge.ts';
import { endWithTest } from '../end-with-test.ts';
import { startTestSandbox } from '../hubspot/sandbox-under-test.ts';

const folder = mkdtempSync(join(tmpdir(), 'leadforge-'));
afterAll(() => rmSync(folder, { recursive: true }));

const FILES = {
  accounts: `account_id,company_name,industry,region,employee_band,estimated_revenue_band,process_maturity_band,created_at
acct_1,"Company, one",logistics,UK,200-499,$1M-$10M,high,2023-03-19`,
  contacts: `contact_id,account_id,job_title,role_function,seniority,buyer_role,email_domain_type,created_at
cnt_1,acct_1,VP Finance,vp_finance,vp,economic_buyer,corporate,2022-12-07`,
  leads: `lead_id,contact_id,account_id,lead_created_at,lead_source,first_touch_channel,owner_rep_id
lead_1,cnt_1,acct_1,2024-01-04,inbound_marketing,inbound_marketing,rep_1
lead_2,cnt_1,acct_1,2024-01-09,sdr_outbound,sdr_outbound,rep_1`,
  sessions: `session_id,lead_id,session_timestamp,session_type,page_views,pricing_page_views,demo_page_views,session_duration_seconds
s_1,lead_1,2024-01-10,website,4,1,2,139`,
  touches: `touch_id,lead_id,touch_timestamp,touch_type,touch_channel,touch_direction,campaign_id
t_1,lead_1,2024-01-10,email,inbound_marketing,inbound,
t_2,lead_2,2024-01-11,email,sdr_outbound,outbound,
t_3,lead_2,2024-01-12,linkedin_message,sdr_outbound,outbound,
t_4,lead_1,2024-01-13,webinar,inbound_marketing,inbound,
t_5,lead_1,2024-01-14,content_download,inbound_marketing,inbound,`,
  sales_activities: `activity_id,lead_id,rep_id,activity_timestamp,activity_type,activity_outcome
a_1,lead_2,rep_1,2024-01-20,demo,demo_completed
a_2,lead_2,rep_1,2024-01-21,call,left_voicemail`,
  opportunities: `opportunity_id,lead_id,created_at,stage,estimated_acv
opp_1,lead_2,2024-01-30,closed_won,16091`,
};
for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, `${name}.csv`), `${text}\n`);

test('a leadforge contact has the activities of all its leads, each at a different time', () => {
  const data = loadLeadforge(folder);
  expect(data.people).toMatchObject([
    { key: 'cnt_1', company: 'acct_1', email: 'cnt_1@acct_1.example', seniority: 'vp', leadSource: 'ORGANIC_SEARCH' },
  ]);
  expect(data.companies).toMatchObject([
    { name: 'Company, one', industry: 'LOGISTICS_AND_SUPPLY_CHAIN', employees: 350, country: 'United Kingdom' },
  ]);
  expect(data.activities.map(({ type, attributes }) => `${type} ${attributes.path ?? ''}`.trim())).toEqual([
    ...['page_view /', 'email_reply', 'sales_email', 'sales_email', 'webinar', 'content_download'],
    ...['meeting', 'call'],
  ]);
  expect(new Set(data.activities.map(({ at }) => at)).size).toBe(data.activities.length);
  expect(data.activities.slice(0, 2).every(({ at }) => new Date(at).toISOString().startsWith('2024-01-10T'))).toBe(
    true,
  );
  expect(data.opportunities).toMatchObject([
    { person: 'cnt_1', lead: 'lead_2', stage: 'closed_won', amount: 16091, stageAt: expect.any(Number) },
  ]);
});

test('each leadforge lead belongs to its contact and has its own activities', () => {
  const data = loadLeadforge(folder);
  expect(data.leads).toMatchObject([
    { key: 'lead_1', person: 'cnt_1', leadSource: 'ORGANIC_SEARCH', createdAt: Date.parse('2024-01-04T00:00:00Z') },
    { key: 'lead_2', person: 'cnt_1', leadSource: 'OFFLINE' },
  ]);
  expect(data.activities.filter(({ lead }) => lead === 'lead_2').map(({ type }) => type)).toEqual([
    ...['sales_email', 'sales_email', 'meeting', 'call'],
  ]);
});

test('leadforge rows dated after now are left out', () => {
  const data = loadLeadforge(folder, new Date('2024-01-13T23:00:00Z'));
  expect(data.activities.map(({ type }) => type)).toEqual([
    ...['page_view', 'email_reply', 'sales_email', 'sales_email', 'webinar'],
  ]);
  expect(data.opportunities).toEqual([]);
});

test('recent leadforge data keeps the days between its dates, and its last touch was yesterday', () => {
  const original = loadLeadforge(folder, new Date('2024-01-15T10:00:00Z'));
  const recent = loadRecentLeadforge(folder, new Date('2026-11-30T10:00:00Z'));
  const shift = Date.parse('2026-11-29T00:00:00Z') - Date.parse('2024-01-14T00:00:00Z');
  expect(recent.activities).toEqual(original.activities.map((each) => ({ ...each, at: each.at + shift })));
  expect(recent.people[0]?.createdAt).toBe(Date.parse('2022-12-07T00:00:00Z') + shift);
  expect(recent.leads?.[0]?.createdAt).toBe(Date.parse('2024-01-04T00:00:00Z') + shift);
});

test('loading a leadforge folder with a missing file fails', () => {
  expect(() => loadLeadforge(join(folder, 'nowhere'))).toThrow('ENOENT');
});

test('loading a leadforge file with a missing column fails and names file and column', () => {
  const other = mkdtempSync(join(tmpdir(), 'leadforge-other-'));
  endWithTest(() => rmSync(other, { recursive: true }));
  writeFileSync(join(other, 'leads.csv'), 'id,name\n1,x\n');
  expect(() => loadLeadforge(other)).toThrow(/leads\.csv: column "lead_created_at" is missing/);
});

const PUBLIC_DATA = resolve(import.meta.dirname, '../../../../shared/data/leadforge');
const present = existsSync(PUBLIC_DATA);
if (!present) console.warn(`SKIPPED: tests of the public leadforge data, because ${PUBLIC_DATA} does not exist.`);

describe.skipIf(!present)('the public leadforge data set', () => {
  test('loads completely, and a HubSpot sandbox serves it', { timeout: 60_000 }, async () => {
    const data = loadLeadforge(PUBLIC_DATA);
    expect([data.companies.length, data.people.length, data.opportunities.length]).toEqual([1500, 4200, 4255]);
    expect(data.activities).toHaveLength(38_724 + 10_012 + 20_679);
    const count = (type: string) => data.activities.filter((activity) => activity.type === type).length;
    expect(['call', 'webinar', 'content_download', 'email_reply'].map(count)).toEqual([7758 + 5210, 7772, 7827, 6976]);
    expect(data.activities.filter(({ attributes }) => attributes.path === '/pricing')).toHaveLength(3295);
    const sandbox = await startTestSandbox({ dataset: data });
    const calls = await sandbox.call('POST', '/crm/objects/2026-03/calls/search', { limit: 1 });
    expect(calls.body.total).toBe(count('call'));
  });
});
