// The webhook settings of a HubSpot app: target and subscriptions.
import { z } from 'zod';
import { deliverySettings } from '../../webhooks/delivery-settings.ts';
import { subscriptionsSchema } from './subscriptions.ts';

export const webhookSettingsSchema = z.strictObject({
  // 10 concurrent requests, 5 s; HubSpot spreads retries over 24 hours, here they follow after
  // `retryMs`, doubling: https://developers.hubspot.com/docs/api/webhooks
  ...deliverySettings({ maxConcurrentRequests: 10, timeoutMs: 5_000 }),
  subscriptions: subscriptionsSchema,
});

export type WebhookSettings = z.output<typeof webhookSettingsSchema>;
/** Before defaults are applied. */
export type WebhookSettingsInput = z.input<typeof webhookSettingsSchema>;
