// The HTTP server of the product over the store of a test, and what a test can observe of it.
import { connect, type Socket } from 'node:net';
import type { Kysely } from 'kysely';
import { expect, onTestFinished } from 'vitest';
import { z } from 'zod';
import type { WebhookReceiver } from '../../src/crm/webhook-receiver.ts';
import type { SiteEventProjector } from '../../src/domain/site-event.ts';
import type { Tables } from '../../src/store/tables/tables.ts';
import { createApp } from '../../web/app.ts';
import { createMetrics } from '../../web/http/metrics.ts';
import { startHttpServer } from '../../web/listen.ts';
import type { WriteKey } from '../../web/site-events/write-keys.ts';
import { PUBLIC_URL } from '../support/hubspot-webhooks.ts';

export interface TestServerParts {
  readonly db: Kysely<Tables>;
  readonly now?: () => Date;
  readonly receivers?: ReadonlyMap<string, WebhookReceiver>;
  readonly publicUrl?: string | null;
  readonly keys?: readonly WriteKey[];
  readonly project?: SiteEventProjector;
  readonly storeTimeoutMs?: number;
  readonly maxBufferedBytes?: number;
  readonly queueSilentMs?: () => number;
}

export interface TestServer {
  readonly url: string;
  readonly port: number;
  /** Logged warnings, with their details. */
  readonly warnings: readonly string[];
  readonly triggerCount: () => number;
  readonly metrics: () => Promise<string>;
  /** Requests and events of a source with this outcome. */
  readonly requests: (source: string, outcome: string) => Promise<number>;
  readonly events: (source: string, outcome: string) => Promise<number>;
  /** Fails if the store contains anything, or a job was triggered. */
  readonly expectNothingStored: () => Promise<void>;
}

export const METRICS_TOKEN = 'a-token-for-metrics';
const CRMS = ['hubspot', 'salesforce'];

/**
 * Closed at the end of the test. The default time limit of the store is long enough for a busy
 * machine.
 */
export async function startTestServer(parts: TestServerParts): Promise<TestServer> {
  const { db, now = () => new Date(), publicUrl = PUBLIC_URL, storeTimeoutMs = 30_000 } = parts;
  const clock = { now };
  const warnings: string[] = [];
  const log = {
    warn: (details: object, message: string) => void warnings.push(`${message} ${JSON.stringify(details)}`),
  };
  let triggerCount = 0;
  const trigger = () => {
    triggerCount += 1;
  };
  const metrics = createMetrics({ db, clock, crms: CRMS });
  const common = { db, clock, metrics, log, trigger, storeTimeoutMs };
  const server = await startHttpServer(
    createApp({
      health: {
        ...{ db, clock, canary: 'canary', canarySeconds: 15, pollSeconds: 60, crms: CRMS },
        ...{ queueSilentMs: parts.queueSilentMs ?? (() => 0), token: METRICS_TOKEN },
      },
      metrics,
      metricsToken: METRICS_TOKEN,
      webhooks: { ...common, publicUrl: publicUrl ?? undefined, receivers: parts.receivers ?? new Map() },
      siteEvents: { ...common, keys: parts.keys ?? [], crms: CRMS, project: parts.project ?? (() => null) },
      ...(parts.maxBufferedBytes !== undefined && { maxBufferedBytes: parts.maxBufferedBytes }),
    }),
    0,
  );
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = z.object({ port: z.number() }).parse(server.address());
  const url = `http://127.0.0.1:${port}`;
  const metricsText = async () =>
    (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${METRICS_TOKEN}` } })).text();
  const count = async (series: string) => {
    const line = (await metricsText()).split('\n').find((row) => row.startsWith(`${series} `));
    return line === undefined ? 0 : Number(line.slice(series.length));
  };
  return {
    url,
    port,
    warnings,
    triggerCount: () => triggerCount,
    metrics: metricsText,
    requests: (source, outcome) =>
      count(`leadgrade_webhook_request_seconds_count{source="${source}",outcome="${outcome}"}`),
    events: (source, outcome) => count(`leadgrade_webhook_events_total{source="${source}",outcome="${outcome}"}`),
    expectNothingStored: async () => {
      for (const table of ['inbox', 'processed_event_keys', 'quarantine', 'site_events', 'site_identities'] as const) {
        expect(await db.selectFrom(table).selectAll().execute()).toEqual([]);
      }
      expect(triggerCount).toBe(0);
    },
  };
}

/** A raw connection for hand-written requests. Closed at the end of the test. */
export async function openSocket(port: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect(port, '127.0.0.1', () => resolve(socket));
  socket.on('error', reject);
  onTestFinished(() => void socket.destroy());
  return promise;
}

/** The head of a request with these headers, in wire format. */
export function headOf(path: string, headers: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries({ host: 'x', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** The status of the next response on the socket. @throws when it is closed without one */
export async function readStatus(socket: Socket): Promise<number> {
  for (let text = ''; ; ) {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    socket.once('data', (data) => resolve(data.toString('latin1')));
    socket.once('close', () => reject(new Error('closed without a response')));
    text += await promise;
    const [, status] = /HTTP\/1\.1 (\d{3}) /.exec(text) ?? [];
    if (status !== undefined) return Number(status);
  }
}
