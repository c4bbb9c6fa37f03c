// The web role's express app.
import express, { type ErrorRequestHandler, type Express } from 'express';
import { type HealthParts, healthRoutes } from './health.ts';
import { createBodyReader } from './http/body-reader.ts';
import { type Metrics, metricsRoutes } from './http/metrics.ts';
import { createSiteEventsRouter, type SiteEventsParts } from './site-events/router.ts';
import { type WebhookParts, webhookRoutes } from './webhooks/router.ts';

export interface AppParts {
  readonly health: HealthParts;
  readonly metrics: Metrics;
  /** Absent: there are no metrics to be seen. */
  readonly metricsToken: string | undefined;
  readonly webhooks: WebhookParts;
  readonly siteEvents: SiteEventsParts;
  /** Bytes of bodies that are held at a time. */
  readonly maxBufferedBytes?: number;
}

export function createApp(parts: AppParts): Express {
  const { health, metrics, metricsToken, webhooks, siteEvents, maxBufferedBytes: mostHeldBytes } = parts;
  const readBody = createBodyReader(mostHeldBytes);
  const app = express();
  app.disable('x-powered-by');
  app.use(healthRoutes(health));
  app.use(metricsRoutes(metrics, metricsToken));
  app.use(webhookRoutes(webhooks, readBody));
  app.use(createSiteEventsRouter(siteEvents, readBody));
  app.use((_request, response) => {
    response.status(404).json({ error: 'There is nothing at this address.' });
  });
  app.use(handleError);
  return app;
}

/** What went wrong is nobody's business outside: neither a stack nor a path of this machine. */
const handleError: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (response.headersSent) return next(error);
  const isTheirs = error instanceof Error && 'status' in error && error.status === 400;
  response.status(isTheirs ? 400 : 503).json({ error: isTheirs ? 'The request cannot be read.' : 'Try again later.' });
};
