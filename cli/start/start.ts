// `leadgrade start`: the service. All roles run in one process, or are distributed over several.
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { OPERATOR_ACTION_KINDS } from '../../jobs/failure-policy.ts';
import { WORKER_CANARY_ID } from '../../jobs/schedule/poll.ts';
import { createEventProjector } from '../../src/mapping/events-mapping.ts';
import { clearPausesOfKinds } from '../../src/store/sync/crm-pauses.ts';
import { HEARTBEAT_MS, removeHeartbeat, writeHeartbeat } from '../../src/store/sync/heartbeats.ts';
import { recheckAvailability } from '../../src/store/sync/stream-availability.ts';
import { createApp } from '../../web/app.ts';
import { createMetrics } from '../../web/http/metrics.ts';
import { createThrottledTrigger } from '../../web/http/throttled-trigger.ts';
import { startHttpServer } from '../../web/listen.ts';
import { modelWarnings } from '../model-files/model-warnings.ts';
import type { Config } from '../product/config.ts';
import { loadEventsMapping } from '../product/load-events-mapping.ts';
import type { Product } from '../product/open-product.ts';
import { withProduct } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';
import { waitForShutdownSignal } from '../terminal/shutdown-signal.ts';
import type { Role } from './roles.ts';

export function start(io: CommandIo, roles: readonly Role[]): Promise<void> {
  return withProduct(io, {}, (product, config) => serve(product, config, roles));
}

async function serve(product: Product, config: Config, roles: readonly Role[]): Promise<void> {
  const { context } = product;
  const stopped = waitForShutdownSignal();
  const server = roles.includes('web') ? await startWeb(product, config) : null;
  let stopHeartbeat = async () => {};
  // On any failure the server must be closed: while it listens, the process does not end.
  try {
    if (roles.includes('worker')) product.work();
    stopHeartbeat = await startHeartbeat(product, roles);
    // The operator may have fixed the reason of a pause, or granted scopes, before this start.
    for (const crm of context.crms.keys()) {
      await clearPausesOfKinds(context.db, { crm, kinds: OPERATOR_ACTION_KINDS, before: context.clock.now() });
      await recheckAvailability(context.db, crm);
    }
    for (const warning of await modelWarnings(context)) context.log.warn({}, warning);
    // Changes since the last stop are found now instead of at the next scheduled poll.
    await context.enqueue('poll', {});
    context.log.info({ roles, port: server ? config.port : undefined }, 'leadgrade is running');
    await stopped;
    context.log.info({}, 'leadgrade is stopping');
  } finally {
    server?.close();
    server?.closeAllConnections();
    await stopHeartbeat();
  }
}

async function startWeb({ context }: Product, config: Config): Promise<Server> {
  const { db, clock, crms, log } = context;
  const { publicUrl, metricsToken } = config;
  const metrics = createMetrics({ db, clock, crms: [...crms.keys()] });
  const project = createEventProjector(await loadEventsMapping());
  const receivers = new Map(
    [...crms].flatMap(([crm, { connector }]) => (connector.webhook ? [[crm, connector.webhook] as const] : [])),
  );
  const unverified = [...receivers].flatMap(([crm, { needsPublicUrl }]) => (needsPublicUrl ? [crm] : []));
  if (publicUrl === undefined && unverified.length > 0) {
    log.warn({ crms: unverified }, 'PUBLIC_URL is not set; webhooks cannot be verified and are refused with 503');
  }
  const triggerFor = (job: 'process-inbox' | 'match-site-events') =>
    createThrottledTrigger(
      () => context.enqueue(job, {}),
      () => log.warn({ job }, 'could not enqueue job; the next poll job enqueues it'),
    );
  const app = createApp({
    health: { db, clock, canary: WORKER_CANARY_ID, pollSeconds: config.pollSeconds, crms: [...crms.keys()] },
    metrics,
    metricsToken,
    webhooks: { db, clock, metrics, log, publicUrl, receivers, trigger: triggerFor('process-inbox') },
    siteEvents: {
      ...{ db, clock, metrics, log, project, trigger: triggerFor('match-site-events') },
      ...{ keys: config.eventsWriteKeys, crms: [...crms.keys()] },
    },
  });
  return startHttpServer(app, config.port);
}

/**
 * Writes the heartbeat row of this process every HEARTBEAT_MS.
 * @returns stops it and deletes the row
 */
async function startHeartbeat(product: Product, roles: readonly Role[]): Promise<() => Promise<void>> {
  const { context } = product;
  const process = { id: randomUUID(), roles: roles.join(',') };
  const heartbeat = async () => {
    await writeHeartbeat(context.db, process, context.clock.now());
    // A queue that was lost (for example an emptied Redis) has lost its schedule, too.
    if (roles.includes('scheduler')) await product.schedule();
  };
  await heartbeat();
  const timer = setInterval(() => {
    heartbeat().catch(() => context.log.warn({}, 'could not write heartbeat'));
  }, HEARTBEAT_MS);
  return async () => {
    clearInterval(timer);
    await removeHeartbeat(context.db, process.id).catch(() => undefined);
  };
}
