// The express app of the web role.
import express, { type ErrorRequestHandler, type Express } from 'express';
import type { Clock } from '../src/domain/clock.ts';
import { createThrottledLog, redactError, type WarningLog } from '../src/runtime/throttled-log.ts';
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
  app.use(createErrorHandler(metrics, webhooks));
  return app;
}

/** The response contains no details of the error: no stack and no path of this machine. */
function createErrorHandler(
  metrics: Metrics,
  { log, clock }: { readonly log: WarningLog; readonly clock: Clock },
): ErrorRequestHandler {
  const warn = createThrottledLog(log, clock);
  return (error: unknown, request, response, next) => {
    const isBadRequest = error instanceof Error && 'status' in error && error.status === 400;
    if (!isBadRequest) {
      const part = partOf(request.path);
      metrics.error(part);
      warn(part, { part, ...redactError(error) }, `a request to ${part} failed inside the web role`);
    }
    if (response.headersSent) return next(error);
    response
      .status(isBadRequest ? 400 : 503)
      .json({ error: isBadRequest ? 'The request cannot be read.' : 'Try again later.' });
  };
}

const PARTS = ['webhooks', 'events', 'metrics', 'readyz', 'healthz'];

/** A path is chosen by the sender, so it is neither logged nor a label. */
function partOf(path: string): string {
  const [, first = ''] = path.split('/');
  return PARTS.includes(first) ? first : 'other';
}
