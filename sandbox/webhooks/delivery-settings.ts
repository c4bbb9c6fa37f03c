// Where what a CRM tells goes to, and how badly the way there behaves: what the settings of every sender have in common.
import { z } from 'zod';

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Made-up people's data never leaves the machine, nor does a storm hit anybody else. */
export function isLoopbackUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && url.protocol === 'http:' && LOOPBACK.has(url.hostname) && url.search === '' && url.hash === '';
}

export const LOOPBACK_RULE = 'must be an http address on this machine (127.0.0.1, localhost, [::1]) without a query';

/** What a CRM does that is told nothing else. */
export interface DeliveryDefaults {
  readonly maxConcurrentRequests: number;
  readonly timeoutMs: number;
}

/** Keys of a settings schema. */
export const deliverySettings = (usual: DeliveryDefaults) => ({
  targetUrl: z
    .string()
    .refine(isLoopbackUrl, LOOPBACK_RULE)
    .transform((text) => new URL(text)),
  /** Shuffles what is told between requests, and requests. */
  disorder: z.boolean().default(false),
  /** The share that is sent twice. */
  duplicates: z.number().min(0).max(1).default(0),
  /** Of all that is left to chance. */
  seed: z.int().min(0).default(1),
  /** Before the first repeat, about; it grows from there. */
  retryMs: z.number().min(0).default(1_000),
  maxConcurrentRequests: z.int().min(1).max(1_000).default(usual.maxConcurrentRequests),
  /** For one attempt, from the request to the last byte of the answer. */
  timeoutMs: z.int().min(1).default(usual.timeoutMs),
});
