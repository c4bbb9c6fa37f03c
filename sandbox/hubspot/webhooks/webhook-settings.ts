// What a HubSpot app's settings say of its webhooks: where they go, and what is subscribed to.
import { z } from 'zod';
import { deliverySettings } from '../../webhooks/delivery-settings.ts';
import { subscriptionsSchema } from './subscriptions.ts';

export const webhookSettingsSchema = z.strictObject({
  // Ten, five seconds, and repeats over 24 hours, after about `retryMs` that doubles: https://developers.hubspot.com/docs/api/webhooks
  ...deliverySettings({ maxConcurrentRequests: 10, timeoutMs: 5_000 }),
  subscriptions: subscriptionsSchema,
});

export type WebhookSettings = z.output<typeof webhookSettingsSchema>;
/** As a person writes them. */
export type WebhookSettingsInput = z.input<typeof webhookSettingsSchema>;
