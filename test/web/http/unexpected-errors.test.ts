// Errors inside the web role: counted, logged once a minute, and told to the sender without details.
import { expect, test } from 'vitest';
import type { WebhookReceiver } from '../../../src/crm/webhook-receiver.ts';
import { freshStore } from '../../store/fresh-store.ts';
import { BACKEND } from '../../support/backends.ts';
import { startTestServer } from '../test-server.ts';
import { HUBSPOT, post } from '../webhooks/hubspot-sender.ts';

const store = freshStore(BACKEND);

test('an unexpected error is counted, and logged once a minute without what the request said', async () => {
  const [hubspot] = [...HUBSPOT.values()];
  if (hubspot === undefined) throw new Error('There is no receiver.');
  const broken: WebhookReceiver = {
    ...hubspot,
    preCheck: () => null,
    parse: () => {
      throw new TypeError('Ada Lovelace is not iterable');
    },
  };
  const server = await startTestServer({ db: store.db, receivers: new Map([['hubspot', broken]]) });
  for (let times = 0; times < 3; times++) expect((await post(server, '[]', {})).status).toBe(503);
  expect(await server.metrics()).toContain('leadgrade_http_errors_total{part="webhooks"} 3');
  expect(server.warnings).toEqual([
    'a request to webhooks failed inside the web role {"part":"webhooks","error":"TypeError"}',
  ]);
});

test('a path that cannot be decoded is the fault of its sender, and not counted', async () => {
  const server = await startTestServer({ db: store.db, receivers: HUBSPOT });
  expect((await post(server, '[]', {}, '/webhooks/hubspot/%E0%A4%A')).status).toBe(400);
  expect(await server.metrics()).not.toMatch(/leadgrade_http_errors_total\{/);
});
