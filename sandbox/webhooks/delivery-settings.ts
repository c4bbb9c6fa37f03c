// The settings that HubSpot's webhooks and Salesforce's outbound messages share: the target, and
// how unreliable delivery is.
import { z } from 'zod';

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Deliveries stay on this machine: no data leaves it, and a burst cannot hit another server. */
export function isLoopbackUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && url.protocol === 'http:' && LOOPBACK.has(url.hostname) && url.search === '' && url.hash === '';
}

export const LOOPBACK_RULE = 'must be an http address on this machine (127.0.0.1, localhost, [::1]) without a query';

/** The CRM's own limits. */
export interface DeliveryDefaults {
  readonly maxConcurrentRequests: number;
  readonly timeoutMs: number;
}

/** Keys of a settings schema. */
export const deliverySettings = (defaults: DeliveryDefaults) => ({
  targetUrl: z
    .string()
    .refine(isLoopbackUrl, LOOPBACK_RULE)
    .transform((text) => new URL(text)),
  /** Shuffles events across requests, and the requests. */
  disorder: z.boolean().default(false),
  /** The share that is sent twice. */
  duplicates: z.number().min(0).max(1).default(0),
  /** Seed of every random choice. */
  seed: z.int().min(0).default(1),
  /** Approximate wait before the first retry; it grows with each retry. */
  retryMs: z.number().min(0).default(1_000),
  maxConcurrentRequests: z.int().min(1).max(1_000).default(defaults.maxConcurrentRequests),
  /** One attempt, from the request to the last byte of the response. */
  timeoutMs: z.int().min(1).default(defaults.timeoutMs),
});
