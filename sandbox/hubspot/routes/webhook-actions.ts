// Webhooks as the control API offers them: where they go, how they fare, storms and outages.
import { z } from 'zod';
import { ok, type Reply } from '../../http/reply.ts';
import { burstSchema } from '../webhooks/burst.ts';
import { webhookSettingsSchema } from '../webhooks/webhook-settings.ts';
import type { Webhooks } from '../webhooks/webhooks.ts';

const outageSchema = z.strictObject({ ms: z.number().min(0).max(86_400_000) });

export function setWebhookTarget(webhooks: Webhooks, body: unknown): Reply {
  webhooks.aim(webhookSettingsSchema.parse(body));
  return ok({});
}

export function stop(webhooks: Webhooks): Reply {
  webhooks.stop();
  return ok({});
}

export function showStatus(webhooks: Webhooks): Reply {
  return ok(webhooks.status());
}

/** Answers once the storm has begun. */
export function burst(webhooks: Webhooks, body: unknown): Reply {
  const asked = burstSchema.parse(body);
  return { status: 202, body: { events: asked.events, contacts: webhooks.storm(asked) } };
}

export function outage(webhooks: Webhooks, body: unknown): Reply {
  webhooks.breakDown(outageSchema.parse(body).ms);
  return ok({});
}
