// The web role's express app.
import express, { type Express } from 'express';
import { healthRoutes } from './health.ts';

export function createApp(parts: Parameters<typeof healthRoutes>[0]): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(healthRoutes(parts));
  app.use((_request, response) => {
    response.status(404).json({ error: 'There is nothing at this address.' });
  });
  return app;
}
