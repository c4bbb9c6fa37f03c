// What HubSpot sends to /webhooks/hubspot: verified, then read. Nothing is looked up, so that the answer takes milliseconds.
import type { WebhookReceiver, WebhookRequest, WebhookResult } from '../../../src/crm/webhook-receiver.ts';
import { type Reading, readEvents } from './events.ts';
import { type Refused, refuseHeaders, refuseSignature } from './signature.ts';

// A request has up to 100 events, and each may carry a property's whole value: of a text up to 65,536 characters, each as up to
// four bytes. Few come near; 8 MB hold a hundred values that are full of ASCII, and are no burden to keep for a moment.
const MOST_BYTES = 8_000_000;

/** @param clientSecret of the app, from its Auth tab */
export function createReceiver(clientSecret: string, reading: Reading): WebhookReceiver {
  return {
    needsPublicUrl: true,
    maxBytes: MOST_BYTES,
    preCheck: (request) => elsewhere(request) ?? unauthorized(refuseHeaders(request)),
    parse(request): WebhookResult {
      const refused = elsewhere(request) ?? unauthorized(refuseSignature(clientSecret, request));
      return refused ?? { kind: 'accepted', ...readEvents(request.body, reading) };
    },
    // A part is one event, or a whole body.
    reparse: (part) => readEvents(Buffer.from(/^\s*\{/.test(part) ? `[${part}]` : part), reading),
  };
}

type Refusal = Extract<WebhookResult, { kind: 'refused' }>;

function elsewhere({ rest }: WebhookRequest): Refusal | null {
  if (rest === '') return null;
  const detail = "HubSpot's webhooks arrive at /webhooks/hubspot, with nothing behind it.";
  return { kind: 'refused', status: 404, reason: 'unknown-path', detail };
}

function unauthorized(refused: Refused | null): Refusal | null {
  return refused === null ? null : { kind: 'refused', status: 401, ...refused };
}
