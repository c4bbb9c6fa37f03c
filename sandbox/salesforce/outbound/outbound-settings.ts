// Where outbound messages go and of what they tell: what an admin sets up, and how badly the way there behaves.
import { z } from 'zod';

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Made-up people's data never leaves the machine, nor does a storm hit anybody else. */
function isLoopback(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && url.protocol === 'http:' && LOOPBACK.has(url.hostname);
}

export const outboundSettingsSchema = z.strictObject({
  targetUrl: z
    .string()
    .refine(isLoopback, 'must be an http address on this machine (127.0.0.1, localhost, [::1])')
    .transform((text) => new URL(text)),
  /** Each has a message of its own, sent at each create and update. */
  objects: z.array(z.string()).min(1).default(['Lead', 'Contact']),
  /** What a message carries besides the id. */
  fields: z.array(z.string()).default([]),
  /** The user of the product lacks "Send Outbound Messages": what it writes is told to nobody. */
  quietUser: z.boolean().default(false),
  /** Shuffles notifications between messages, and messages. */
  disorder: z.boolean().default(false),
  /** The share of messages that are sent twice. */
  duplicates: z.number().min(0).max(1).default(0),
  /** Of disorder and duplicates. */
  seed: z.int().min(0).default(1),
  /** Before the first repeat; doubles, up to 240 times as long. Salesforce's is about 30 s, and its longest about two hours. */
  retryMs: z.number().min(0).default(1_000),
  maxConcurrentRequests: z.int().min(1).max(100).default(5),
  /** For one attempt, from the request to the last byte of the answer. */
  timeoutMs: z.int().min(1).default(60_000),
});

export type OutboundSettings = z.output<typeof outboundSettingsSchema>;
