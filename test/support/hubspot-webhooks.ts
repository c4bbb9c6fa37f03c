// Webhooks as HubSpot sends them, for tests that are their sender: signed with the app's secret for the address that HubSpot was given.
import { createHmac } from 'node:crypto';
import { toInboxEvent, type WebhookResult } from '../../src/crm/webhook-receiver.ts';
import { insertInboxEvents } from '../../src/store/inbox/inbox.ts';
import type { TestProduct } from './product.ts';

export const SECRET = 'c0ffee00-0000-4000-8000-000000000000';
export const PUBLIC_URL = 'https://leadgrade.example.com';
const TARGET = `${PUBLIC_URL}/webhooks/hubspot`;

function hmacV3(secret: string, url: string, body: Buffer, timestamp: string): string {
  return createHmac('sha256', secret).update(`POST${url}`).update(body).update(timestamp).digest('base64');
}

export interface SignOptions {
  readonly secret?: string;
  readonly url?: string;
  readonly at?: Date;
}

/** The headers of a request with this body. */
export function signed(body: string | Buffer, { secret = SECRET, url = TARGET, at = new Date() }: SignOptions = {}) {
  const timestamp = String(at.getTime());
  return {
    'content-type': 'application/json',
    'x-hubspot-request-timestamp': timestamp,
    'x-hubspot-signature-v3': hmacV3(secret, url, Buffer.from(body), timestamp),
  };
}

let events = 0;

/** A property of a contact has changed. */
export function changed(objectId: string | number, over: Readonly<Record<string, unknown>> = {}) {
  events += 1;
  return {
    eventId: events,
    subscriptionId: 11,
    portalId: 145,
    appId: 7,
    occurredAt: Date.UTC(2026, 2, 10, 12) + events,
    subscriptionType: 'contact.propertyChange',
    attemptNumber: 0,
    objectId: Number(objectId),
    propertyName: 'jobtitle',
    propertyValue: 'VP Sales',
    changeSource: 'CRM_UI',
    sourceId: 'userId:1',
    ...over,
  };
}

/**
 * Parses events with the connector's receiver and stores them in the inbox, as the web role does. No job is enqueued.
 * @param product with PUBLIC_URL among its settings
 */
export async function storeWebhook(product: TestProduct, sent: readonly object[]): Promise<WebhookResult> {
  const { context, clock, sandbox } = product;
  const webhook = context.crms.get('hubspot')?.connector.webhook;
  if (webhook === undefined) throw new Error('The product has no webhook receiver for HubSpot.');
  const receivedAt = clock.now();
  const body = JSON.stringify(sent);
  const result = webhook.parse({
    ...{ method: 'POST', url: TARGET, pathSuffix: '', body: Buffer.from(body), receivedAt },
    headers: signed(body, { secret: sandbox.clientSecret, at: receivedAt }),
  });
  if (result.kind === 'accepted') {
    await insertInboxEvents(context.db, 'hubspot', result.events.map(toInboxEvent), receivedAt);
  }
  return result;
}
