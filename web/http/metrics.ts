// Metrics in the format of Prometheus: what arrived and what became of it, counted by this process; what waits, read from the store.
// Labels name CRMs and reasons, never people.
import { Router } from 'express';
import type { Kysely } from 'kysely';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { secretsEqual } from '../../src/crm/constant-time-equal.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { inboxBacklog } from '../../src/store/inbox/inbox.ts';
import { countQuarantine } from '../../src/store/inbox/quarantine.ts';
import type { Tables } from '../../src/store/tables/tables.ts';
import { withTimeout } from './with-timeout.ts';

export interface Metrics {
  readonly registry: Registry;
  /** Requests by who sent them and what became of them: stored, refused for a reason, too large, too much at a time, no database. */
  request(source: string, outcome: string, seconds: number): void;
  /** Events by what became of them: stored, repeated, unparsed, ignored for a reason. */
  events(source: string, outcome: string, count: number): void;
}

interface MetricsParts {
  /** Those that are set up. */
  readonly crms: readonly string[];
  readonly db: Kysely<Tables>;
  readonly clock: Clock;
}

/** Who collects metrics waits for ten seconds, mostly. */
const STORE_TIMEOUT_MS = 2_000;

export function createMetrics({ db, clock, crms }: MetricsParts): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'leadgrade_webhook_request_seconds',
    help: 'Requests of CRMs and sites, by source and outcome.',
    labelNames: ['source', 'outcome'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5],
    registers,
  });
  const events = new Counter({
    name: 'leadgrade_webhook_events_total',
    help: 'Events in these requests, by source and outcome.',
    labelNames: ['source', 'outcome'],
    registers,
  });
  const gauge = (name: string, help: string, read: () => Promise<number>) =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        // Without the store the counters are still to be seen: then above all.
        const value = await withTimeout(STORE_TIMEOUT_MS, read).catch(() => null);
        if (value === null) this.remove();
        else this.set(value);
      },
    });
  gauge(
    'leadgrade_inbox_waiting',
    'What events named and nobody has taken yet: records, items, people to be erased.',
    async () => (await inboxBacklog(db, crms)).waiting,
  );
  gauge('leadgrade_inbox_oldest_seconds', 'Age of the oldest of them.', async () => {
    const { oldestAt } = await inboxBacklog(db, crms);
    return oldestAt === null ? 0 : (clock.now().getTime() - oldestAt.getTime()) / 1_000;
  });
  gauge('leadgrade_quarantine_parts', 'Signed parts of webhooks that were not understood.', () => countQuarantine(db));
  return {
    registry,
    request: (source, outcome, seconds) => requests.observe({ source, outcome }, seconds),
    events: (source, outcome, count) => {
      if (count > 0) events.inc({ source, outcome }, count);
    },
  };
}

/** `GET /metrics` for who has the token; without a token set there is no such address. */
export function metricsRoutes({ registry }: Metrics, token: string | undefined): Router {
  const router = Router();
  if (token === undefined) return router;
  router.get('/metrics', async (request, response) => {
    const given = /^Bearer (.+)$/i.exec(request.get('authorization') ?? '')?.[1] ?? '';
    if (!secretsEqual(given, token)) {
      response
        .status(401)
        .set('www-authenticate', 'Bearer')
        .json({ error: 'METRICS_TOKEN is needed, as a bearer token.' });
      return;
    }
    response.set('content-type', registry.contentType).send(await registry.metrics());
  });
  return router;
}
