// What an admin sets up of outbound messages: where they go, and of what they tell.
import { z } from 'zod';
import { deliverySettings } from '../../webhooks/delivery-settings.ts';

export const outboundSettingsSchema = z.strictObject({
  // Salesforce's first repeat comes after about 30 s, and its waits double up to about two hours: 240 times `retryMs`.
  ...deliverySettings({ maxConcurrentRequests: 5, timeoutMs: 60_000 }),
  /** Each has a message of its own, sent at each create and update. */
  objects: z.array(z.string()).min(1).default(['Lead', 'Contact']),
  /** What a message carries besides the id. */
  fields: z.array(z.string()).default([]),
  /** The user of the product lacks "Send Outbound Messages": what it writes is told to nobody. */
  quietUser: z.boolean().default(false),
});

export type OutboundSettings = z.output<typeof outboundSettingsSchema>;
