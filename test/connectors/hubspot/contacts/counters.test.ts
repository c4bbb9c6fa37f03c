// Counters of contacts: dated by their history, 50 contacts per call; and portals without the
// counted property.
import nock from 'nock';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import type { ChangedCounters } from '../../../../src/domain/crm-changes.ts';
import { CRM, connect, hubspot } from '../hubspot-fixture.ts';

beforeEach(() => nock.disableNetConnect());
afterEach(() => {
  nock.cleanAll();
  nock.enableNetConnect();
});

const changed = (id: string, ...counters: string[]): ChangedCounters => ({
  ref: { object: 'contacts', id },
  counters: counters.map((counter) => ({ counter, dated: null, from: null, redate: false })),
});
const version = (value: string, timestamp: string, sourceType = 'ANALYTICS') => ({ value, timestamp, sourceType });

const requestSchema = z.object({
  inputs: z.array(z.object({ id: z.string() })),
  propertiesWithHistory: z.array(z.string()),
});
type ReadRequest = z.infer<typeof requestSchema>;

/** Responds with fifty contacts from 0 on, then with ten. */
function respondInBatches(requests: ReadRequest[], propertiesWithHistory: object): void {
  for (const [first, count] of [
    [0, 50],
    [50, 10],
  ] as const) {
    const results = Array.from({ length: count }, (_, at) => {
      return { id: String(first + at), properties: {}, propertiesWithHistory };
    });
    const record = (body: unknown) => requests.push(requestSchema.parse(body)) > 0;
    hubspot().post(`${CRM}/contacts/batch/read`, record).reply(200, { results });
  }
}

test('page views and conversions are dated, the latest of a step gets its page or form, and a call reads 50 contacts', async () => {
  const requests: ReadRequest[] = [];
  respondInBatches(requests, {
    hs_analytics_num_page_views: [version('3', '2026-11-20T10:00:00Z'), version('1', '2026-11-10T10:00:00Z')],
    hs_analytics_last_url: [version('https://www.acme.example/pricing?x=1', '2026-11-20T10:00:00Z')],
    num_conversion_events: [version('1', '2026-11-20T10:05:00Z', 'CALCULATED')],
    recent_conversion_event_name: [version('Demo: see it: Request a demo', '2026-11-20T10:05:00Z', 'CALCULATED')],
  });
  const { connector, signal } = connect();
  const records = Array.from({ length: 60 }, (_, at) => changed(String(at), 'page_view_counter', 'conversion_counter'));
  const found = await connector.dateCounterEvents?.(records, signal);
  expect(requests.map(({ inputs }) => inputs.length)).toEqual([50, 10]);
  expect(found?.notReturned).toEqual([]);
  const first = found?.activities.filter(({ ref }) => ref.id === '0');
  expect(
    first?.map(({ id, type, at, attributes, stream }) => [id, type, new Date(at).toISOString(), attributes, stream]),
  ).toEqual([
    [
      '0:hs_analytics_num_page_views:1',
      'page_view',
      '2026-11-10T10:00:00.000Z',
      { url: null, path: null },
      'page_view_counter',
    ],
    [
      '0:hs_analytics_num_page_views:2',
      'page_view',
      '2026-11-20T10:00:00.000Z',
      { url: null, path: null },
      'page_view_counter',
    ],
    [
      '0:hs_analytics_num_page_views:3',
      'page_view',
      '2026-11-20T10:00:00.000Z',
      { url: 'https://www.acme.example/pricing?x=1', path: '/pricing' },
      'page_view_counter',
    ],
    [
      '0:num_conversion_events:1',
      'form_submission',
      '2026-11-20T10:05:00.000Z',
      { form: 'Request a demo' },
      'conversion_counter',
    ],
  ]);
});

test('a contact that HubSpot returns under another ID is reported as not returned', async () => {
  hubspot()
    .post(`${CRM}/contacts/batch/read`)
    .reply(200, { results: [{ id: '9', properties: {} }] });
  const { connector, signal } = connect();
  const found = await connector.dateCounterEvents?.([changed('1', 'page_view_counter')], signal);
  expect(found).toMatchObject({ records: [], activities: [], notReturned: [{ id: '1' }] });
});

function portalWithout(property: string, refusal: string | object): void {
  hubspot()
    .get(new RegExp(`/${property}$`))
    .reply(404, refusal);
  hubspot().persist().get(/.*/).query(true).reply(200, { results: [] });
  hubspot().persist().post(/.*/).query(true).reply(200, { results: [], lists: [] });
}

test('a counter is unavailable in a portal without its property, and the fix names the property', async () => {
  portalWithout('hs_email_open', { status: 'error', category: 'OBJECT_NOT_FOUND', message: 'There is none.' });
  const { connector, signal } = connect();
  const found = (await connector.probeStreams(signal)).filter(({ unavailable }) => unavailable !== null);
  expect(found).toMatchObject([
    { stream: 'email_open_counter', unavailable: { fix: expect.stringContaining('hs_email_open') } },
  ]);
});

test('a 404 that does not name the property makes only its counter unavailable, and the fix names the API version', async () => {
  portalWithout('hs_email_open', '<html>404</html>');
  const { connector, signal } = connect();
  const found = (await connector.probeStreams(signal)).filter(({ unavailable }) => unavailable !== null);
  expect(found).toMatchObject([
    { stream: 'email_open_counter', unavailable: { fix: expect.stringContaining('HUBSPOT_API_VERSION') } },
  ]);
});

test('an invalid count is read as 0, and the counters of the other contacts are still dated', async () => {
  const requests: ReadRequest[] = [];
  const results = ['1.5', '1e300', '-3', 'many', '7'].map((count, at) => {
    return { id: String(at), properties: { hs_analytics_num_page_views: count }, propertiesWithHistory: {} };
  });
  const record = (body: unknown) => requests.push(requestSchema.parse(body)) > 0;
  hubspot().post(`${CRM}/contacts/batch/read`, record).reply(200, { results });
  const { connector, signal } = connect();
  const records = results.map(({ id }) => changed(id, 'page_view_counter'));
  const found = await connector.dateCounterEvents?.(records, signal);
  expect(found?.records.flatMap(({ counters }) => counters.map(({ crmValue }) => crmValue))).toEqual([0, 0, 0, 0, 7]);
});
