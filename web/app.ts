// The express app of the web role.
import express, { type ErrorRequestHandler, type Express } from 'express';
import { type HealthParts, healthRoutes } from './health.ts';
import { createBodyReader } from './http/body-reader.ts';
import { type Metrics, metricsRoutes } from './http/metrics.ts';
import { createSiteEventsRouter, type SiteEventsParts } from './site-events/router.ts';
import { type WebhookParts, webhookRoutes } from './webhooks/router.ts';

export interface AppParts {
  readonly health: HealthParts;
  readonly metrics: Metrics;
  /** Absent: /metrics does not exist. */
  readonly metricsToken: string | undefined;
  readonly webhooks: WebhookParts;
  readonly siteEvents: SiteEventsParts;
  /** Limit of buffered request bodies in this process, in bytes. */
  readonly maxBufferedBytes?: number;
}

export function createApp(parts: AppParts): Express {
  const { health, metrics, metricsToken, webhooks, siteEvents, maxBufferedBytes } = parts;
  const readBody = createBodyReader(maxBufferedBytes);
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

/** The response contains no details of the error: no stack and no path of this machine. */
const handleError: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (response.headersSent) return next(error);
  const isBadRequest = error instanceof Error && 'status' in error && error.status === 400;
  response
    .status(isBadRequest ? 400 : 503)
    .json({ error: isBadRequest ? 'The request cannot be read.' : 'Try again later.' });
};
