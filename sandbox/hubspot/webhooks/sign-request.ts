// The signature headers by which a receiver verifies that a webhook is from HubSpot.
// https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests : CRM
// webhooks carry v1 and v3.
import { createHash, createHmac } from 'node:crypto';

/** @param at epoch ms of this attempt */
export function signedHeaders(clientSecret: string, url: string, body: string, at: number): Record<string, string> {
  return {
    'Content-Type': 'application/json',
    'X-HubSpot-Signature': createHash('sha256').update(clientSecret).update(body).digest('hex'),
    'X-HubSpot-Signature-Version': 'v1',
    'X-HubSpot-Signature-v3': createHmac('sha256', clientSecret).update(`POST${url}${body}${at}`).digest('base64'),
    'X-HubSpot-Request-Timestamp': String(at),
  };
}
