// The sandbox sends outbound messages to the webhook endpoint over HTTP; the endpoint parses,
// stores and acknowledges them.
import { beforeEach, expect, test, vi } from 'vitest';
import { describeAccount } from '../../../../connectors/salesforce/setup/describe-account.ts';
import { createStreams } from '../../../../connectors/salesforce/streams/registry.ts';
import { createReceiver } from '../../../../connectors/salesforce/webhook/receiver.ts';
import { freshStore } from '../../../store/fresh-store.ts';
import { BACKEND } from '../../../support/backends.ts';
import { startTestServer, type TestServer } from '../../../web/test-server.ts';
import { type ConnectedOrg, connectedOrg, SIGNAL } from '../salesforce-fixture.ts';
import { TOKEN } from './webhook-documents.ts';

const store = freshStore(BACKEND);
let connected: ConnectedOrg;
let server: TestServer;
let target: string;

beforeEach(async () => {
  connected = await connectedOrg();
  const { org, parts } = connected;
  const streams = new Set(createStreams(parts).map(({ stream }) => stream.id));
  const receiver = createReceiver({ token: TOKEN, orgId: org.orgId.slice(0, 15), streams });
  server = await startTestServer({ db: store.db, receivers: new Map([['salesforce', receiver]]) });
  target = `${server.url}/webhooks/salesforce/${TOKEN}`;
});

const until = (check: () => Promise<void> | void) => vi.waitFor(check, { timeout: 60_000, interval: 10 });
const setWebhookTarget = (more: object = {}) =>
  connected.org.control('PUT', '/outbound', { targetUrl: target, retryMs: 20, objects: ['Lead', 'Task'], ...more });
const status = async () => (await connected.org.control('GET', '/outbound')).body;
const stored = () =>
  store.db.selectFrom('inbox').select(['account', 'kind', 'object_or_stream', 'ids']).orderBy('seq').execute();

test('an edited lead and a new call each arrive once, with the account ID that describeAccount returns', async () => {
  const { org, parts } = connected;
  await setWebhookTarget({ fields: ['Title', 'Subject'] });
  await org.control('PATCH', `/records/Lead/${org.lead(1)}`, { values: { Title: 'VP <b>&"\u{1f600}' } });
  const call = await org.control('POST', '/activities', { personId: org.lead(1), type: 'call' });
  await until(async () => expect(await stored()).toHaveLength(2));
  await until(async () => expect(await status()).toMatchObject({ delivered: 2, failed: 0, waiting: 0 }));
  const { id: account } = await describeAccount(parts, SIGNAL);
  expect(await stored()).toEqual(
    expect.arrayContaining([
      { account, kind: 'record', object_or_stream: 'Lead', ids: [org.lead(1)] },
      { account, kind: 'item', object_or_stream: 'tasks', ids: [call.body.id] },
    ]),
  );
});

test('a notification that is delivered twice is stored once', async () => {
  const { org } = connected;
  await setWebhookTarget({ duplicates: 1 });
  await org.control('PATCH', `/records/Lead/${org.lead(1)}`, { values: { Title: 'CTO' } });
  await until(async () => expect(await server.events('salesforce', 'repeated')).toBe(1));
  expect(await stored()).toHaveLength(1);
});

test('a message with a wrong token is refused, and arrives with its retry after the token is corrected', async () => {
  const { org } = connected;
  await setWebhookTarget({ targetUrl: `${target}x` });
  await org.control('PATCH', `/records/Lead/${org.lead(1)}`, { values: { Title: 'CTO' } });
  await until(async () => expect(await server.requests('salesforce', 'bad_token')).toBeGreaterThan(1));
  expect(await stored()).toEqual([]);
  await setWebhookTarget();
  await until(async () => expect(await stored()).toHaveLength(1));
});
