// The webhook receiver for /webhooks/hubspot: verifies a request, then parses it. It calls no API,
// so a request is answered within milliseconds.
import type { RefusedWebhook, WebhookReceiver, WebhookRequest } from '../../../src/crm/webhook-receiver.ts';
import { parseEvents, type ReceiverContext } from './events.ts';
import { checkHeaders, checkSignature, type SignatureRefusal } from './signature.ts';

// A request has up to 100 events, and each may contain the whole value of a property: a text of up
// to 65,536 characters with up to four bytes each. Few come near that. 8 MB are enough for 100 full
// ASCII values, and small enough to buffer for a moment.
const MAX_BODY_BYTES = 8_000_000;

/** @param clientSecret of the app, from its Auth tab */
export function createReceiver(clientSecret: string, context: ReceiverContext): WebhookReceiver {
  return {
    needsPublicUrl: true,
    maxBytes: MAX_BODY_BYTES,
    preCheck: (request) => checkPath(request) ?? unauthorized(checkHeaders(request)),
    parse(request) {
      const refused = checkPath(request) ?? unauthorized(checkSignature(clientSecret, request));
      return refused ?? { kind: 'accepted', ...parseEvents(request.body, context) };
    },
    // A stored part is one event or a whole body.
    reparse: (part) => parseEvents(Buffer.from(/^\s*\{/.test(part) ? `[${part}]` : part), context),
  };
}

function checkPath({ pathSuffix }: WebhookRequest): RefusedWebhook | null {
  if (pathSuffix === '') return null;
  const detail = "HubSpot's webhooks are accepted at /webhooks/hubspot, without a longer path.";
  return { kind: 'refused', status: 404, reason: 'unknown_path', detail };
}

function unauthorized(refusal: SignatureRefusal | null): RefusedWebhook | null {
  return refusal === null ? null : { kind: 'refused', status: 401, ...refusal };
}
