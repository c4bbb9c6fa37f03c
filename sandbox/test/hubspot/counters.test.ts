// HubSpot's counters on a contact, and their history.
import { expect, test } from 'vitest';
import { NOW, people, startTestSandbox, type TestSandbox } from './sandbox-under-test.ts';

let sandbox: TestSandbox;

const CONTACTS = '/crm/objects/2026-03/contacts';
const VIEWS = 'hs_analytics_num_page_views';
const VISITS = 'hs_analytics_num_visits';

type Versions = readonly { value: string; timestamp: string; sourceType: string }[];

async function histories(names: readonly string[], number = 0): Promise<Readonly<Record<string, Versions>>> {
  const body = { inputs: [{ id: sandbox.id(number) }], properties: names, propertiesWithHistory: names };
  const response = await sandbox.call('POST', `${CONTACTS}/batch/read`, body);
  return response.body.results[0].propertiesWithHistory;
}

async function view(path: string, number = 0): Promise<void> {
  const activity = { contactId: sandbox.id(number), type: 'page_view', attributes: { path } };
  await sandbox.control('POST', '/activities', activity);
}

const brief = (versions: Versions = []) => versions.map(({ value, sourceType }) => `${value} ${sourceType}`);

test('each page view is counted, a session ends after 30 minutes without a view, and the history is newest first', async () => {
  sandbox = await startTestSandbox();
  for (const [path, minutes] of [
    ['/', 10],
    ['/pricing', 40],
    ['/pricing', 0],
  ] as const) {
    await view(path);
    sandbox.advanceClock(minutes * 60_000);
  }
  const found = await histories([VIEWS, VISITS, 'hs_analytics_last_url']);
  expect(brief(found[VIEWS])).toEqual(['3 ANALYTICS', '2 ANALYTICS', '1 ANALYTICS']);
  expect(brief(found[VISITS])).toEqual(['2 ANALYTICS', '1 ANALYTICS']);
  // Viewing the same page again adds no version.
  expect(found.hs_analytics_last_url?.map(({ value }) => new URL(value).pathname)).toEqual(['/pricing', '/']);
  expect(found.hs_analytics_last_url?.[0]?.timestamp).toBe(found[VIEWS]?.[1]?.timestamp);
});

test('each version names its source: the calculation, the user or the app, and the user by ID', async () => {
  sandbox = await startTestSandbox();
  await view('/');
  await sandbox.control('PATCH', `/contacts/${sandbox.id(0)}`, { properties: { phone: '1' } });
  await sandbox.call('POST', '/crm/objects/2026-03/contacts/batch/update', {
    inputs: [{ id: sandbox.id(0), properties: { phone: '2' } }],
  });
  const found = await histories([VIEWS, 'phone']);
  expect(found[VIEWS]?.[0]).toMatchObject({ sourceType: 'ANALYTICS', sourceId: 'WebAnalyticsPropertyCalculation' });
  expect(found.phone?.slice(0, 2)).toEqual([
    { value: '2', timestamp: expect.any(String), sourceType: 'INTEGRATION', sourceId: sandbox.appId },
    { value: '1', timestamp: expect.any(String), sourceType: 'CRM_UI', sourceId: 'userId:1', updatedByUserId: 1 },
  ]);
});

test('a seeded contact has a history dated by its activities, and keeps its modification time', async () => {
  const day = 86_400_000;
  const at = (days: number) => NOW.getTime() - days * day;
  const activity = (type: string, days: number, attributes = {}) => ({ person: 'p0', type, at: at(days), attributes });
  const activities = [
    activity('page_view', 1),
    activity('page_view', 9),
    activity('form_submission', 5, { form: 'demo' }),
  ];
  sandbox = await startTestSandbox({ dataset: { ...people(1), activities } });
  const names = [VIEWS, 'num_conversion_events', 'recent_conversion_event_name'];
  const found = await histories(names);
  expect(found[VIEWS]?.map(({ timestamp }) => timestamp)).toEqual(
    [1, 9].map((days) => new Date(at(days)).toISOString()),
  );
  expect(brief(found.num_conversion_events)).toEqual(['1 CALCULATED']);
  expect(found.recent_conversion_event_name?.[0]?.value).toMatch(/: Request a demo$/);
  const { body } = await sandbox.call('GET', `${CONTACTS}/${sandbox.id(0)}?properties=${VIEWS}`);
  expect(body.properties).toMatchObject({ [VIEWS]: '2', lastmodifieddate: '2026-01-01T00:00:00.000Z' });
});

test('a session that ended before the sandbox started has one version, with its last page', async () => {
  const at = (minutes: number) => NOW.getTime() - minutes * 60_000;
  const viewed = (path: string, minutes: number) => ({
    person: 'p0',
    type: 'page_view',
    at: at(minutes),
    attributes: { path },
  });
  const activities = [viewed('/blog', 200), viewed('/', 100), viewed('/pricing', 90), viewed('/about', 80)];
  sandbox = await startTestSandbox({ dataset: { ...people(1), activities } });
  const found = await histories([VIEWS, 'hs_analytics_last_url']);
  expect(brief(found[VIEWS])).toEqual(['4 ANALYTICS', '1 ANALYTICS']);
  expect(found[VIEWS]?.[0]?.timestamp).toBe(new Date(at(80)).toISOString());
  expect(found.hs_analytics_last_url?.map(({ value }) => new URL(value).pathname)).toEqual(['/about', '/blog']);
});

test('a property history has at most 20 versions', async () => {
  sandbox = await startTestSandbox();
  for (let count = 1; count <= 25; count++) {
    sandbox.advanceClock(1_000);
    await view('/');
  }
  const { [VIEWS]: versions } = await histories([VIEWS]);
  expect(brief(versions)).toHaveLength(20);
  expect(versions?.[0]?.value).toBe('25');
});

test('a merge adds the counters up in a version with the source MERGE_CONTACTS', async () => {
  sandbox = await startTestSandbox();
  await view('/', 0);
  await view('/', 1);
  sandbox.advanceClock(1_000);
  await sandbox.control('POST', '/merge', { primaryId: sandbox.id(0), mergedId: sandbox.id(1) });
  expect(brief((await histories([VIEWS]))[VIEWS])).toEqual(['2 MERGE_CONTACTS', '1 ANALYTICS']);
});

test('property histories are returned for at most 50 records, by batch read, list and single read', async () => {
  sandbox = await startTestSandbox({ dataset: people(60) });
  const inputs = (size: number) => Array.from({ length: size }, (_, number) => ({ id: sandbox.id(number) }));
  const readHistories = (size: number) =>
    sandbox.call('POST', `${CONTACTS}/batch/read`, { inputs: inputs(size), propertiesWithHistory: ['email'] });
  expect((await readHistories(50)).body.results).toHaveLength(50);
  const response = await readHistories(51);
  expect(response.status).toBe(400);
  expect(response.body.message).toContain(
    'The maximum number of inputs supported in a batch request for property histories is 50',
  );
  expect((await sandbox.call('GET', `${CONTACTS}?limit=51&propertiesWithHistory=email`)).status).toBe(400);
  const listed = await sandbox.call('GET', `${CONTACTS}?limit=1&propertiesWithHistory=email,unheard_of`);
  const one = await sandbox.call('GET', `${CONTACTS}/${sandbox.id(0)}?propertiesWithHistory=email`);
  expect(listed.body.results[0].propertiesWithHistory).toEqual(one.body.propertiesWithHistory);
  expect(Object.keys(one.body.propertiesWithHistory)).toEqual(['email']);
});

test('a free account has no counters of marketing e-mails', async () => {
  sandbox = await startTestSandbox({ tier: 'free' });
  const { status, body } = await sandbox.call('GET', '/crm/properties/2026-03/contacts/hs_email_open');
  expect([status, body.category]).toEqual([404, 'OBJECT_NOT_FOUND']);
  expect((await sandbox.call('GET', `/crm/properties/2026-03/contacts/${VIEWS}`)).status).toBe(200);
});
