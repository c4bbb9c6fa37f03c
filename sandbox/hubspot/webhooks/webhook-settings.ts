// Where webhooks go and how: what a HubSpot app's settings say, and how badly the way there behaves.
import { z } from 'zod';

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** https://developers.hubspot.com/docs/api/webhooks: nobody can subscribe to these. */
const NOT_SUBSCRIBABLE: ReadonlySet<string> = new Set([
  'num_unique_conversion_events',
  'lastmodifieddate',
  'hs_lastmodifieddate',
]);

/** Made-up people's data never leaves the machine, nor does a storm hit anybody else. */
export function isLoopbackUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && url.protocol === 'http:' && LOOPBACK.has(url.hostname) && url.search === '' && url.hash === '';
}

export const LOOPBACK_RULE = 'must be an http address on this machine (127.0.0.1, localhost, [::1]) without a query';

export const webhookSettingsSchema = z.strictObject({
  targetUrl: z
    .string()
    .refine(isLoopbackUrl, LOOPBACK_RULE)
    .transform((text) => new URL(text)),
  /** Contacts, companies and deals as `contact.*` and so on; absent: as `object.*`, as engagements always are. */
  classic: z.boolean().default(false),
  subscriptions: z
    .strictObject({
      /** Of contacts; absent: each that somebody sets. One that HubSpot counts or derives never fires. */
      properties: z
        .array(z.string().refine((name) => !NOT_SUBSCRIBABLE.has(name), 'is a property that nobody can subscribe to'))
        .optional(),
    })
    .default({}),
  /** Shuffles events between batches, and batches. */
  disorder: z.boolean().default(false),
  /** The share of events that are delivered twice. */
  duplicates: z.number().min(0).max(1).default(0),
  /** Of disorder, duplicates and waits. */
  seed: z.int().min(0).default(1),
  /** Before the first repeat, about; doubles. HubSpot spreads its ten over 24 hours. */
  retryMs: z.number().min(0).default(1000),
  maxConcurrentRequests: z.int().min(1).max(1000).default(10),
  /** For one attempt, from the request to the last byte of the answer. */
  timeoutMs: z.int().min(1).default(5000),
});

export type WebhookSettings = z.output<typeof webhookSettingsSchema>;
/** As a person writes them. */
export type WebhookSettingsInput = z.input<typeof webhookSettingsSchema>;
