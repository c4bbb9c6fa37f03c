// The settings of outbound messages: target, objects and fields.
import { z } from 'zod';
import { deliverySettings } from '../../webhooks/delivery-settings.ts';

export const outboundSettingsSchema = z.strictObject({
  // Salesforce's first retry comes after about 30 s, and its waits double up to about two hours:
  // 240 times `retryMs`.
  ...deliverySettings({ maxConcurrentRequests: 5, timeoutMs: 60_000 }),
  /** Each object has its own message, sent at each create and update. */
  objects: z.array(z.string()).min(1).default(['Lead', 'Contact']),
  /** Fields in a message besides the ID. */
  fields: z.array(z.string()).default([]),
  /** The product's user lacks "Send Outbound Messages": its writes cause no message. */
  skipOwnWrites: z.boolean().default(false),
});

export type OutboundSettings = z.output<typeof outboundSettingsSchema>;
