// HubSpot's signature, version 3, by our own hand: the SDK's helper compares in variable time, takes a timestamp of the future or
// one that is no number, and decodes no address.
// https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { WebhookRequest } from '../../../src/crm/webhook-receiver.ts';

/** Either side of our clock. HubSpot asks for it against requests that somebody caught and sends again. */
const MOST_SKEW_MS = 300_000;

const TIMESTAMP = /^\d{13}$/;
// 32 bytes as base64.
const SIGNATURE = /^[A-Za-z0-9+/]{43}=$/;

/** What HubSpot decodes in an address before it signs: these and nothing else, each once. */
const DECODED: Readonly<Record<string, string>> = {
  ...{ '%3A': ':', '%2F': '/', '%3F': '?', '%40': '@', '%21': '!', '%24': '$' },
  ...{ '%27': "'", '%28': '(', '%29': ')', '%2A': '*', '%2C': ',', '%3B': ';' },
};

export type SignatureRefusal = 'missing-signature' | 'bad-signature' | 'bad-timestamp' | 'clock-skew';

export interface Refused {
  readonly reason: SignatureRefusal;
  readonly detail: string;
}

type Signed = Pick<WebhookRequest, 'method' | 'url' | 'headers' | 'body' | 'receivedAt'>;

/** What the headers alone tell, before any body is read. Null: they may be HubSpot's. */
export function refuseHeaders({ headers, receivedAt }: Pick<Signed, 'headers' | 'receivedAt'>): Refused | null {
  const signature = headers['x-hubspot-signature-v3'];
  const timestamp = headers['x-hubspot-request-timestamp'];
  if (signature === undefined) {
    const older = headers['x-hubspot-signature'] === undefined ? 'no signature' : 'only a signature of version 1 or 2';
    return { reason: 'missing-signature', detail: `The request has ${older}; X-HubSpot-Signature-v3 is expected.` };
  }
  if (bytesOf(signature) === null) {
    return { reason: 'bad-signature', detail: 'X-HubSpot-Signature-v3 is not the base64 of 32 bytes.' };
  }
  if (timestamp === undefined || !TIMESTAMP.test(timestamp)) {
    return { reason: 'bad-timestamp', detail: 'X-HubSpot-Request-Timestamp is not an instant in milliseconds.' };
  }
  const skew = receivedAt.getTime() - Number(timestamp);
  if (Math.abs(skew) <= MOST_SKEW_MS) return null;
  const direction = skew > 0 ? 'before' : 'after';
  const detail =
    `The request was signed ${Math.round(Math.abs(skew) / 1000)} seconds ${direction} the time of this server; 300 are allowed. ` +
    'If this is said of every request, set the clock of this server (NTP).';
  return { reason: 'clock-skew', detail };
}

/**
 * Whether HubSpot signed the request with the app's client secret.
 * @param request `url` as HubSpot was told it, `body` byte for byte as it came
 * @returns null: it did
 */
export function refuseSignature(clientSecret: string, request: Signed): Refused | null {
  const refused = refuseHeaders(request);
  if (refused !== null) return refused;
  const { method, url, headers, body } = request;
  const given = bytesOf(headers['x-hubspot-signature-v3'] ?? '');
  const expected = createHmac('sha256', clientSecret)
    .update(`${method}${decodedUrl(url)}`)
    .update(body)
    .update(headers['x-hubspot-request-timestamp'] ?? '')
    .digest();
  if (given !== null && given.length === expected.length && timingSafeEqual(given, expected)) return null;
  const detail =
    'X-HubSpot-Signature-v3 does not fit the request. If this is said of every request: HUBSPOT_CLIENT_SECRET must be the ' +
    "secret on the app's Auth tab, and PUBLIC_URL with /webhooks/hubspot the target URL that the app has, letter for letter.";
  return { reason: 'bad-signature', detail };
}

/** Null: no strict base64 of 32 bytes. A last letter that carries bits beyond them is not what anybody's encoder writes. */
function bytesOf(signature: string): Buffer | null {
  if (!SIGNATURE.test(signature)) return null;
  const bytes = Buffer.from(signature, 'base64');
  return bytes.length === 32 && bytes.toString('base64') === signature ? bytes : null;
}

/** The "?" that begins the query stays as it is: only what is encoded is decoded. */
function decodedUrl(url: string): string {
  return url.replaceAll(/%[\dA-Fa-f]{2}/g, (encoded) => DECODED[encoded.toUpperCase()] ?? encoded);
}
