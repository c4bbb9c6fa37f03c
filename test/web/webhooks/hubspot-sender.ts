// The receiver of the HubSpot connector, and HubSpot as a sender of webhooks to a test server.
import { readFileSync } from 'node:fs';
import { create, settingsSchema } from '../../../connectors/hubspot/index.ts';
import type { WebhookReceiver } from '../../../src/crm/webhook-receiver.ts';
import { readMapping } from '../../../src/mapping/mapping.ts';
import { SECRET, signed } from '../../support/hubspot-webhooks.ts';
import { createMemoryLimiter } from '../../support/memory-limiter.ts';
import type { TestServer } from '../test-server.ts';

export const HUBSPOT: ReadonlyMap<string, WebhookReceiver> = new Map([['hubspot', receiver()]]);

function receiver(): WebhookReceiver {
  const file = new URL('../../../mappings/hubspot.yaml', import.meta.url);
  const { mapping } = readMapping(readFileSync(file, 'utf8'), 'hubspot.yaml');
  if (!mapping) throw new Error('The shipped mapping is not valid.');
  const settings = settingsSchema.parse({
    HUBSPOT_ACCESS_TOKEN: 'x',
    HUBSPOT_CLIENT_SECRET: SECRET,
    HUBSPOT_APP_ID: '7',
  });
  const limiter = createMemoryLimiter();
  const { webhook } = create({ settings, mapping, limiter, clock: { now: () => new Date() } });
  if (!webhook) throw new Error('The connector has no receiver although it has a secret.');
  return webhook;
}

export function post(
  { url }: Pick<TestServer, 'url'>,
  body: string | Buffer<ArrayBuffer>,
  headers: Readonly<Record<string, string>>,
  path = '/webhooks/hubspot',
): Promise<Response> {
  return fetch(`${url}${path}`, { method: 'POST', body, headers });
}

/** Sends the events, signed now. */
export function send(server: Pick<TestServer, 'url'>, events: unknown): Promise<Response> {
  const body = JSON.stringify(events);
  return post(server, body, signed(body));
}
