// Verifies HubSpot's signature, version 3. The SDK's helper is not used: it compares in variable
// time, accepts a timestamp of the future or one that is not a number, and does not decode the URL.
// https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { WebhookRequest } from '../../../src/crm/webhook-receiver.ts';

/** Before and after our clock. HubSpot demands this limit against replayed requests. */
const MAX_SKEW_MS = 300_000;

const TIMESTAMP = /^\d{13}$/;
// 32 bytes as base64.
const SIGNATURE = /^[A-Za-z0-9+/]{43}=$/;

/** The only sequences that HubSpot decodes in a URL before it signs it; each is decoded once. */
const DECODED: Readonly<Record<string, string>> = {
  ...{ '%3A': ':', '%2F': '/', '%3F': '?', '%40': '@', '%21': '!', '%24': '$' },
  ...{ '%27': "'", '%28': '(', '%29': ')', '%2A': '*', '%2C': ',', '%3B': ';' },
};

export interface SignatureRefusal {
  readonly reason: 'missing_signature' | 'bad_signature' | 'bad_timestamp' | 'clock_skew';
  readonly detail: string;
}

type SignedRequest = Pick<WebhookRequest, 'method' | 'url' | 'headers' | 'body' | 'receivedAt'>;

/** Checks the headers alone, before the body is read. Null: the request may come from HubSpot. */
export function checkHeaders({
  headers,
  receivedAt,
}: Pick<SignedRequest, 'headers' | 'receivedAt'>): SignatureRefusal | null {
  const signature = headers['x-hubspot-signature-v3'];
  const timestamp = headers['x-hubspot-request-timestamp'];
  if (signature === undefined) {
    const found = headers['x-hubspot-signature'] === undefined ? 'no signature' : 'only a signature of version 1 or 2';
    return { reason: 'missing_signature', detail: `The request has ${found}; X-HubSpot-Signature-v3 is required.` };
  }
  if (parseSignature(signature) === null) {
    return { reason: 'bad_signature', detail: 'X-HubSpot-Signature-v3 is not the base64 of 32 bytes.' };
  }
  if (timestamp === undefined || !TIMESTAMP.test(timestamp)) {
    return { reason: 'bad_timestamp', detail: 'X-HubSpot-Request-Timestamp is not an instant in milliseconds.' };
  }
  const skewMs = receivedAt.getTime() - Number(timestamp);
  if (Math.abs(skewMs) <= MAX_SKEW_MS) return null;
  const direction = skewMs > 0 ? 'before' : 'after';
  const detail =
    `The request was signed ${Math.round(Math.abs(skewMs) / 1000)} seconds ${direction} the time of this server; ` +
    '300 are allowed. If every request is refused like this, set the clock of this server (NTP).';
  return { reason: 'clock_skew', detail };
}

/**
 * Checks that HubSpot signed the request with the app's client secret.
 * @param request `url` as configured in HubSpot, `body` byte for byte as received
 * @returns null: the signature is valid
 */
export function checkSignature(clientSecret: string, request: SignedRequest): SignatureRefusal | null {
  const refusal = checkHeaders(request);
  if (refusal !== null) return refusal;
  const { method, url, headers, body } = request;
  const given = parseSignature(headers['x-hubspot-signature-v3'] ?? '');
  const expected = createHmac('sha256', clientSecret)
    .update(`${method}${decodeUrl(url)}`)
    .update(body)
    .update(headers['x-hubspot-request-timestamp'] ?? '')
    .digest();
  if (given !== null && given.length === expected.length && timingSafeEqual(given, expected)) return null;
  const detail =
    'X-HubSpot-Signature-v3 does not match the request. If every request is refused like this: HUBSPOT_CLIENT_SECRET must be ' +
    "the secret on the app's Auth tab, and PUBLIC_URL with /webhooks/hubspot must equal the target URL of the app exactly.";
  return { reason: 'bad_signature', detail };
}

/**
 * Null: not the strict base64 of 32 bytes. A last character with extra bits is not the output of a
 * real encoder.
 */
function parseSignature(signature: string): Buffer | null {
  if (!SIGNATURE.test(signature)) return null;
  const bytes = Buffer.from(signature, 'base64');
  return bytes.length === 32 && bytes.toString('base64') === signature ? bytes : null;
}

/** A literal "?" that starts the query stays unchanged: only encoded characters are decoded. */
function decodeUrl(url: string): string {
  return url.replaceAll(/%[\dA-Fa-f]{2}/g, (encoded) => DECODED[encoded.toUpperCase()] ?? encoded);
}
