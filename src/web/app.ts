// The web role's express app.
import express, { type Express } from 'express';
import { createGate } from './gate.ts';
import { type HealthParts, healthRoutes } from './health.ts';
import { type Metrics, metricsRoutes } from './metrics.ts';
import { createSiteEventsRouter, type SiteEventsParts } from './site-events.ts';
import { type WebhookParts, webhookRoutes } from './webhooks.ts';

export interface AppParts {
  readonly health: HealthParts;
  readonly metrics: Metrics;
  /** Absent: there are no metrics to be seen. */
  readonly metricsToken: string | undefined;
  readonly webhooks: WebhookParts;
  readonly siteEvents: SiteEventsParts;
}

export function createApp({ health, metrics, metricsToken, webhooks, siteEvents }: AppParts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(healthRoutes(health));
  app.use(metricsRoutes(metrics, metricsToken));
  app.post(['/webhooks/*rest', '/events{/*rest}'], createGate());
  app.use(webhookRoutes(webhooks));
  app.use(createSiteEventsRouter(siteEvents));
  app.use((_request, response) => {
    response.status(404).json({ error: 'There is nothing at this address.' });
  });
  return app;
}
