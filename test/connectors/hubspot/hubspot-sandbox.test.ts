import { describe, expect, test } from 'vitest';
import { create, settingsSchema } from '../../../connectors/hubspot/index.ts';
import { seededDataset } from '../../../sandbox/dataset/seeded.ts';
import { scopesOf } from '../../../sandbox/hubspot/http/scopes.ts';
import { type HubSpotSandboxOptions, startHubSpotSandbox } from '../../../sandbox/hubspot/start.ts';
import { endWithTest } from '../../../sandbox/test/end-with-test.ts';
import type { ChangePage, Cursor } from '../../../src/crm/connector.ts';
import { clearedScoreFields } from '../../../src/mapping/write-back.ts';
import { createMemoryLimiter } from '../../support/memory-limiter.ts';
import { shippedMapping, TARGET } from './hubspot-fixture.ts';

// The boundary of this test: the sandbox serves over real HTTP in real time.
const clock = { now: () => new Date() };
const { signal } = new AbortController();

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

async function open(options: Partial<HubSpotSandboxOptions> = {}, mapping = shippedMapping()) {
  const dataset = seededDataset({ contacts: 120, seed: 7, now: clock.now() });
  const sandbox = await startHubSpotSandbox({ port: 0, dataset, clock, searchLagMs: 0, ...options });
  endWithTest(sandbox.close);
  const settings = settingsSchema.parse({ HUBSPOT_ACCESS_TOKEN: sandbox.accessToken, HUBSPOT_API_URL: sandbox.url });
  const limiter = createMemoryLimiter({ pace: true });
  const connector = create({ settings, mapping, limiter, clock });
  endWithTest(() => connector.close());
  const pull = async (id: string, cursor: Cursor | null = null) => {
    const pages: ChangePage[] = [];
    const stream = connector.streams.find((candidate) => candidate.id === id)!;
    for await (const page of connector.listChanges(stream, cursor, signal)) pages.push(page);
    return pages;
  };
  return { connector, sandbox, pull };
}

test('setup gives the options of a status the labels and the order of a changed model, and doctor names the difference', async () => {
  const { connector } = await open();
  const before = { statuses: [...TARGET.statuses, { value: 'warm', label: 'Warm' }] };
  await collect(connector.applySetup(before, { dryRun: false }, signal));
  const [first, ...others] = before.statuses;
  if (first === undefined) throw new Error('The target has no status.');
  const target = { statuses: [...others, { ...first, label: 'Burning' }] };
  const status = async () => {
    const checks = await connector.checkSetup(target, signal);
    return checks.find(({ what }) => what === 'contact property leadgrade_status');
  };
  const found = await status();
  expect(found).toMatchObject({ level: 'warning', fixableBySetup: true });
  expect(found?.detail).toContain(
    `${first.value} is labelled "${first.label}", not "Burning"; the order is ${first.value}, `,
  );
  const steps = await collect(connector.applySetup(target, { dryRun: false }, signal));
  expect(steps.filter(({ state }) => state === 'created').map(({ what }) => what.split(':')[0])).toEqual([
    'contact property leadgrade_status',
  ]);
  expect(await status()).toMatchObject({ level: 'ok' });
});

test('a portal is set up, fully synced, written to, and synced again with only the written contacts dirty', {
  timeout: 60_000,
}, async () => {
  const { connector, pull } = await open();
  const before = await connector.checkSetup(TARGET, signal);
  expect(before.filter(({ level }) => level === 'problem').every(({ fix }) => fix !== undefined)).toBe(true);
  expect(before.filter(({ detail }) => detail === 'does not exist')).toHaveLength(8);
  const dry = await collect(connector.applySetup(TARGET, { dryRun: true }, signal));
  expect(dry.every(({ state }) => state === 'would-create')).toBe(true);
  const done = await collect(connector.applySetup(TARGET, { dryRun: false }, signal));
  expect(done.map(({ state }) => state)).toEqual(Array(9).fill('created'));
  const again = await collect(connector.applySetup(TARGET, { dryRun: false }, signal));
  expect(again.every(({ state }) => state === 'exists')).toBe(true);
  const after = await connector.checkSetup(TARGET, signal);
  expect(after.filter(({ level }) => level === 'problem')).toEqual([]);

  const contacts = await pull('contacts');
  const leads = contacts.flatMap((page) => page.leads);
  expect(leads).toHaveLength(120);
  expect(leads.some((lead) => lead.fields['company.employees'] !== null)).toBe(true);
  const activities = new Map<string, number>();
  for (const { id } of connector.streams) {
    const found = (await pull(id)).flatMap((page) => page.activities);
    activities.set(id, found.length);
  }
  for (const id of ['meetings', 'form_submissions', 'page_views']) expect(activities.get(id)).toBeGreaterThan(0);

  const fetched = await connector.fetchLeads([leads[0]!.ref, { object: 'contacts', id: '999999999' }], signal);
  expect(fetched.find(({ kind }) => kind === 'gone')?.ref.id).toBe('999999999');
  expect(fetched.find(({ kind }) => kind === 'lead')).toMatchObject({
    fields: leads[0]!.fields,
    companyId: leads[0]!.companyId,
  });

  const values = { ...clearedScoreFields(), total_score: 47, fit_grade: 'B', status: 'hot', explanation: '+47 Demo' };
  const patches = leads.slice(0, 100).map(({ ref }) => ({ ref, values }));
  const results = await connector.writeScores(patches, signal);
  expect(results.filter(({ kind }) => kind === 'written')).toHaveLength(100);
  const changed = await pull('contacts', contacts.at(-1)!.cursor);
  const dirty = new Map(changed.flatMap((page) => page.dirty.map((record) => [record.ref.id, record] as const)));
  expect(dirty.get(leads[0]!.ref.id)?.current?.crmValues).toMatchObject({
    total_score: 47,
    fit_grade: 'B',
    scored_at: null,
  });
  expect(await pull('contacts', changed.at(-1)!.cursor)).toEqual([]);

  const bad = [{ ref: leads[0]!.ref, values: { ...values, status: 'nowhere' } }];
  await expect(connector.writeScores(bad, signal)).rejects.toMatchObject({ kind: 'configuration' });
});

test('the nightly comparison finds links that are not stored, stored links that are gone, and a changed company', async () => {
  const { connector, pull } = await open();
  const leads = (await pull('contacts')).flatMap((page) => page.leads);
  const meetings = (await pull('meetings')).flatMap((page) => page.activities);
  const { ref } = meetings[0]!;
  const companyId = leads.find((lead) => lead.ref.id === ref.id)!.companyId;
  const found = await connector.reconcileLinks!(
    [{ ref, companyId, activityIds: ['meeting:1', 'form:x'], outcomeIds: [] }],
    signal,
  );
  expect(found.gone).toEqual([{ ref, activityId: 'meeting:1' }]);
  expect(found.activities).toContainEqual({ ...meetings[0]!, stream: 'meetings' });
  expect(found.dirty).toEqual([]);
  const moved = await connector.reconcileLinks!(
    [{ ref, companyId: '424242', activityIds: [], outcomeIds: [] }],
    signal,
  );
  expect(moved.dirty).toEqual([{ ref }]);
});

test('without an Enterprise subscription page views are forbidden, and doctor warns about it', async () => {
  const { connector, pull } = await open({ tier: 'pro' });
  await expect(pull('page_views')).rejects.toMatchObject({ kind: 'forbidden' });
  const checks = await connector.checkSetup(TARGET, signal);
  const views = checks.find(({ what }) => what === 'reading page_views');
  expect(views?.level).toBe('warning');
});

// The Date header has whole seconds, and takes some time to arrive.
test.each([
  [360, 'warning', /^HubSpot's clock is 3(60|5\d) s ahead of ours$/],
  [-360, 'warning', /^HubSpot's clock is 36\d s behind ours$/],
  [30, 'ok', /^HubSpot's clock is (30|2\d) s ahead of ours$/],
])('doctor reports a clock difference of %i seconds as %s', async (seconds, level, detail) => {
  const { connector } = await open({ clock: { now: () => new Date(clock.now().getTime() + seconds * 1_000) } });
  const check = (await connector.checkSetup(TARGET, signal)).find(({ what }) => what === 'clock');
  expect(check).toMatchObject({ level, detail: expect.stringMatching(detail) });
  expect(check?.fix?.includes('NTP') ?? false).toBe(level === 'warning');
});

describe('without the scope for companies,', () => {
  const scopes = scopesOf('enterprise').filter((scope) => scope !== 'crm.objects.companies.read');

  test('doctor reports a problem with both ways out, because no contact can be read', async () => {
    const { connector, pull } = await open({ scopes });
    await expect(pull('contacts')).rejects.toMatchObject({ kind: 'forbidden' });
    const checks = await connector.checkSetup(TARGET, signal);
    const companies = checks.find(({ what }) => what === 'reading companies');
    expect(companies?.level).toBe('problem');
    expect(companies?.fix).toContain('the scope crm.objects.companies.read');
    expect(companies?.fix).toContain('remove the fields of companies from the mapping');
  });

  test('a mapping without company fields reads all contacts, and doctor does not check companies', async () => {
    const mapping = shippedMapping();
    const own = Object.entries(mapping.fields).filter(([field]) => !field.startsWith('company.'));
    const { connector, pull } = await open({ scopes }, { ...mapping, fields: Object.fromEntries(own) });
    expect((await pull('contacts')).flatMap((page) => page.leads)).toHaveLength(120);
    const checks = await connector.checkSetup(TARGET, signal);
    expect(checks.map(({ what }) => what)).not.toContain('reading companies');
  });
});
