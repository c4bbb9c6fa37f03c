// Control API: target, status, bursts and outages of webhooks.
import { z } from 'zod';
import { ok, type Reply } from '../../http/reply.ts';
import { burstSchema } from '../webhooks/burst.ts';
import { webhookSettingsSchema } from '../webhooks/webhook-settings.ts';
import type { Webhooks } from '../webhooks/webhooks.ts';

const outageSchema = z.strictObject({ ms: z.number().min(0).max(86_400_000) });

export function setWebhookTarget(webhooks: Webhooks, body: unknown): Reply {
  webhooks.setTarget(webhookSettingsSchema.parse(body));
  return ok({});
}

export function stopWebhooks(webhooks: Webhooks): Reply {
  webhooks.stop();
  return ok({});
}

export function showStatus(webhooks: Webhooks): Reply {
  return ok(webhooks.status());
}

/** Responds when the burst has started. */
export function startBurst(webhooks: Webhooks, body: unknown): Reply {
  const options = burstSchema.parse(body);
  return { status: 202, body: { events: options.events, contacts: webhooks.burst(options) } };
}

export function startOutage(webhooks: Webhooks, body: unknown): Reply {
  webhooks.startOutage(outageSchema.parse(body).ms);
  return ok({});
}
