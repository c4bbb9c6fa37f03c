import { expect, test } from 'vitest';
import { create, settingsSchema } from '../../../../connectors/hubspot/index.ts';
import { seededDataset } from '../../../../sandbox/dataset/seeded.ts';
import { startHubSpotSandbox } from '../../../../sandbox/hubspot/start.ts';
import { endWithTest } from '../../../../sandbox/test/end-with-test.ts';
import { allSubscriptions } from '../../../../sandbox/test/hubspot/webhooks/all-subscriptions.ts';
import { type Receiver, startReceiver } from '../../../../sandbox/test/hubspot/webhooks/webhook-receiver.ts';
import type { WebhookEvent } from '../../../../src/crm/webhook-receiver.ts';
import { createMemoryLimiter } from '../../../support/memory-limiter.ts';
import { control } from '../../../support/sandbox-crm.ts';
import { shippedMapping } from '../hubspot-fixture.ts';

// The boundary of this test: the sandbox sends over real HTTP in real time.
const clock = { now: () => new Date() };
const { signal } = new AbortController();

/** The events of all received requests; a refused request or an unparsed part fails the test. */
function parseAll(receiver: Receiver, webhook: NonNullable<ReturnType<typeof create>['webhook']>) {
  const events: WebhookEvent[] = [];
  for (const { headers, text } of receiver.requests) {
    const result = webhook.parse({
      ...{ method: 'POST', url: receiver.url, pathSuffix: '', body: Buffer.from(text), receivedAt: clock.now() },
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')])),
    });
    if (result.kind === 'refused') throw new Error(`${result.reason}: ${result.detail}`);
    expect(result.unparsed).toEqual([]);
    events.push(...result.events);
  }
  return events;
}

test.each([false, true])(
  'the receiver accepts and parses every event that the sandbox sends (classic form: %s)',
  { timeout: 60_000 },
  async (classic) => {
    const receiver = await startReceiver();
    const dataset = seededDataset({ contacts: 20, seed: 7, now: clock.now() });
    const subscriptions = allSubscriptions({ contact: ['jobtitle'], deal: ['dealstage'] }, classic);
    const webhooks = { targetUrl: receiver.url, subscriptions, disorder: true, duplicates: 0.5 };
    const sandbox = await startHubSpotSandbox({ port: 0, dataset, clock, webhooks });
    endWithTest(sandbox.close);
    const settings = settingsSchema.parse({
      ...{ HUBSPOT_ACCESS_TOKEN: sandbox.accessToken, HUBSPOT_API_URL: sandbox.url },
      ...{ HUBSPOT_CLIENT_SECRET: sandbox.clientSecret, HUBSPOT_APP_ID: sandbox.appId },
    });
    const connector = create({
      settings,
      mapping: shippedMapping(),
      limiter: createMemoryLimiter({ pace: true }),
      clock,
    });
    endWithTest(() => connector.close());
    const [a, b, c] = (await connector.listAllRecords!(null, signal)).refs.map(({ id }) => id);
    const send = (method: string, path: string, body?: unknown) => control(sandbox.url, method, path, body);
    await send('PATCH', `contacts/${a}`, { properties: { jobtitle: 'VP Sales' } });
    await send('POST', 'activities', { contactId: a, type: 'meeting' });
    await send('POST', 'deals', { contactIds: [a], stage: 'closedwon' });
    await send('POST', 'merge', { primaryId: a, mergedId: b });
    await send('POST', `contacts/${c}/privacy-deletion`);
    await receiver.until((received) =>
      received.events().some(({ subscriptionType }) => subscriptionType === 'contact.privacyDeletion'),
    );
    await receiver.until((received) =>
      received.events().some(({ subscriptionType }) => subscriptionType.endsWith('.merge')),
    );
    await receiver.until((received) => received.events().some(({ objectTypeId }) => objectTypeId === '0-47'));

    const events = parseAll(receiver, connector.webhook!);
    const account = await connector.describeAccount(signal);
    expect(new Set(events.map((event) => event.account))).toEqual(new Set([account.id]));
    const subjects = events.map(({ subject }) => subject);
    expect(subjects).toContainEqual({ kind: 'record', ref: { object: 'contacts', id: a } });
    expect(subjects).toContainEqual({ kind: 'record', ref: { object: 'contacts', id: b } });
    expect(subjects).toContainEqual({ kind: 'erasure', ref: { object: 'contacts', id: c } });
    const meeting = subjects.find((subject) => subject.kind === 'item' && subject.stream === 'meetings');
    expect(meeting).toMatchObject({ kind: 'item', stream: 'meetings' });
    const id = meeting?.kind === 'item' ? meeting.id : '';
    const items = await connector.readItems!('meetings', [id], signal);
    expect(items.activities).toMatchObject([{ id: `meeting:${id}`, ref: { id: a } }]);
  },
);
