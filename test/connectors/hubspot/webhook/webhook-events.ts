// Events as HubSpot sends them, signed requests that contain them, and the receiver's results.
import { createHmac } from 'node:crypto';
import type { AcceptedWebhook, WebhookEvent } from '../../../../src/crm/webhook-receiver.ts';
import type { Mapping } from '../../../../src/mapping/mapping.ts';
import { connect, NOW, shippedMapping } from '../hubspot-fixture.ts';

const SECRET = 'a-client-secret';
export const APP = '50780459';
const URL = 'https://leads.example.com/webhooks/hubspot';

function receiver(mapping: Mapping = shippedMapping()) {
  return connect({}, mapping, { HUBSPOT_CLIENT_SECRET: SECRET, HUBSPOT_APP_ID: APP }).connector.webhook!;
}

export function signed(body: Buffer, pathSuffix = '') {
  const timestamp = String(NOW.getTime());
  const signature = createHmac('sha256', SECRET).update(`POST${URL}`).update(body).update(timestamp).digest('base64');
  const headers = { 'x-hubspot-signature-v3': signature, 'x-hubspot-request-timestamp': timestamp };
  return { method: 'POST', url: URL, pathSuffix, headers, body, receivedAt: NOW };
}

export const shared = receiver();

export function parse(body: unknown, { webhook = shared } = {}): AcceptedWebhook {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const result = webhook.parse(signed(Buffer.from(text)));
  if (result.kind !== 'accepted') throw new Error(`refused: ${result.reason}`);
  return result;
}

// An event that HubSpot sent, in the classic form.
export const CLASSIC = {
  eventId: 4101286121,
  subscriptionId: 7562680,
  portalId: 247187887,
  appId: 50780459,
  occurredAt: 1787843156000,
  subscriptionType: 'contact.propertyChange',
  attemptNumber: 1,
  objectId: 541935488729,
  propertyName: 'email',
  propertyValue: 'jane@example.com',
  changeSource: 'CRM_UI',
  sourceId: 'userId:98499705',
};
// The same in the generic form.
export const GENERIC = {
  ...{ ...CLASSIC, subscriptionType: 'object.propertyChange', attemptNumber: 0, objectTypeId: '0-1' },
  isSensitive: false,
};

const { propertyName: _name, propertyValue: _value, ...bare } = CLASSIC;
const { objectId: _id, ...withoutObject } = bare;
/** An event without a property. */
export const BARE = bare;
export const NO_OBJECT = withoutObject;

/** The subject in short: `contacts/1`, `meetings/2`, `erase contacts/3`. */
export function about({ subject }: WebhookEvent): string {
  if (subject.kind === 'item') return `${subject.stream}/${subject.id}`;
  return `${subject.kind === 'erasure' ? 'erase ' : ''}${subject.ref.object}/${subject.ref.id}`;
}

export const subjects = (body: unknown) => parse(body).events.map(about);
export const keys = (body: unknown) => parse(body).events.map(({ key }) => key);
