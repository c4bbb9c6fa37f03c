// Metrics in Prometheus format: requests and events by outcome, counted in this process; backlogs,
// read from the database. Labels contain CRMs and reasons, never personal data.
import { Router } from 'express';
import type { Kysely } from 'kysely';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { secretsEqual } from '../../src/crm/constant-time-equal.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { withTimeout } from '../../src/runtime/with-timeout.ts';
import { currentHold } from '../../src/store/guard/holds.ts';
import { inboxBacklog } from '../../src/store/inbox/inbox.ts';
import { countQuarantine } from '../../src/store/inbox/quarantine.ts';
import type { Tables } from '../../src/store/tables/tables.ts';
import { registerSetAsideGauge } from '../set-aside.ts';
import { registerSizeGauges } from './size-metrics.ts';

export interface Metrics {
  readonly registry: Registry;
  /** Counts a request: stored, the reason of a refusal, `too_large`, `busy`, `not_stored`. */
  request(source: string, outcome: string, seconds: number): void;
  /** Counts events: stored, repeated, unparsed, or the reason why they are ignored. */
  events(source: string, outcome: string, count: number): void;
  /** Counts an unexpected error inside the web role. */
  error(part: string): void;
}

interface MetricsParts {
  /** The CRMs that are set up. */
  readonly crms: readonly string[];
  readonly db: Kysely<Tables>;
  readonly clock: Clock;
}

/** Prometheus waits ten seconds by default. */
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
  const errors = new Counter({
    name: 'leadgrade_http_errors_total',
    help: 'Unexpected errors inside the web role, by part.',
    labelNames: ['part'],
    registers,
  });
  registerGauges(registry, { db, clock, crms });
  registerSetAsideGauge(registry, { db, crms, timeoutMs: STORE_TIMEOUT_MS });
  registerSizeGauges(registry, { db, timeoutMs: STORE_TIMEOUT_MS });
  return {
    registry,
    request: (source, outcome, seconds) => requests.observe({ source, outcome }, seconds),
    events: (source, outcome, count) => {
      if (count > 0) events.inc({ source, outcome }, count);
    },
    error: (part) => errors.inc({ part }),
  };
}

/** Read from the database when the metrics are collected. */
function registerGauges(registry: Registry, { db, clock, crms }: MetricsParts): void {
  const gauge = (name: string, help: string, read: () => Promise<number>) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        // If the database is down, leave the gauge out: the counters are needed then more than
        // ever.
        const value = await withTimeout(STORE_TIMEOUT_MS, read).catch(() => null);
        if (value === null) this.remove();
        else this.set(value);
      },
    });
  gauge(
    'leadgrade_inbox_waiting',
    'Unprocessed entries of the inbox: records, items, people to be erased.',
    async () => (await inboxBacklog(db, crms)).waiting,
  );
  gauge('leadgrade_inbox_oldest_seconds', 'Age of the oldest unprocessed entry of the inbox.', async () => {
    const { oldestAt } = await inboxBacklog(db, crms);
    return oldestAt === null ? 0 : (clock.now().getTime() - oldestAt.getTime()) / 1_000;
  });
  gauge('leadgrade_guard_moved', 'While the guard holds all writes: leads outside their band; else 0.', async () => {
    return (await currentHold(db))?.moved ?? 0;
  });
  gauge('leadgrade_quarantine_parts', 'Signed parts of webhooks that could not be parsed.', () => countQuarantine(db));
}

/** `GET /metrics`, with a bearer token. Without METRICS_TOKEN the path does not exist. */
export function metricsRoutes({ registry }: Metrics, token: string | undefined): Router {
  const router = Router();
  if (token === undefined) return router;
  router.get('/metrics', async (request, response) => {
    const given = /^Bearer (.+)$/i.exec(request.get('authorization') ?? '')?.[1] ?? '';
    if (!secretsEqual(given, token)) {
      response.status(401).set('www-authenticate', 'Bearer').json({ error: 'Send METRICS_TOKEN as a bearer token.' });
      return;
    }
    response.set('content-type', registry.contentType).send(await registry.metrics());
  });
  return router;
}
