// A site that sends to `/events` of a test server, and the stored events.
import { beforeEach } from 'vitest';
import { loadEventsMapping } from '../../../cli/product/files/load-events-mapping.ts';
import { createEventProjector } from '../../../src/mapping/events-mapping.ts';
import { at, freshStore } from '../../store/fresh-store.ts';
import type { Backend } from '../../support/backends.ts';
import { startTestServer, type TestServer, type TestServerParts } from '../test-server.ts';

export const WEBSITE = 'website-key-0123456789';
export const PRODUCT = 'product-key-0123456789';
export const REPLACEMENT = 'website-key-that-comes-next';
const KEYS = [
  { source: 'website', key: WEBSITE },
  { source: 'website', key: REPLACEMENT },
  { source: 'product', key: PRODUCT },
];
export const basic = (key: string) => ({ authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` });

export const TRACK = {
  ...{ type: 'track', event: 'Trial Started', userId: 'u1', messageId: 'm1' },
  properties: { product: 'Team' },
};

const project = createEventProjector(await loadEventsMapping());

/** The clock stands at noon of the day of the tests. */
export function startSiteServer(parts: TestServerParts): Promise<TestServer> {
  return startTestServer({ keys: KEYS, project, now: () => at(), ...parts });
}

interface EventsReply {
  readonly status: number;
  readonly body: unknown;
}

export async function sendTo(
  { url }: Pick<TestServer, 'url'>,
  body: unknown,
  headers: Readonly<Record<string, string>> = basic(WEBSITE),
  path = '/events',
): Promise<EventsReply> {
  const sent = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof sent === 'string' ? sent : new Uint8Array(sent),
  });
  const text = await response.text();
  return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text };
}

/** A store for the suite, and a server for each test. */
export function siteUnderTest(setup: Backend) {
  const store = freshStore(setup);
  let server: TestServer;
  beforeEach(async () => {
    server = await startSiteServer({ db: store.db });
  });
  return {
    store,
    server: () => server,
    send: (body: unknown, headers?: Readonly<Record<string, string>>, path?: string) =>
      sendTo(server, body, headers, path),
    storedEvents: () => store.db.selectFrom('site_events').selectAll().orderBy('message_id').execute(),
    identities: () => store.db.selectFrom('site_identities').selectAll().orderBy('key').execute(),
  };
}
