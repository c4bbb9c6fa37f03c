// `leadgrade start`: the service. All roles in one process, or some of them in each of many.
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { Command, InvalidArgumentError } from 'commander';
import { OPERATOR_ACTION_KINDS } from '../../jobs/failure-policy.ts';
import { WORKER_CANARY_ID } from '../../jobs/schedule/poll.ts';
import { createEventProjector } from '../../src/mapping/events-mapping.ts';
import { clearPausesOfKinds } from '../../src/store/sync/crm-pauses.ts';
import { HEARTBEAT_MS, removeHeartbeat, writeHeartbeat } from '../../src/store/sync/heartbeats.ts';
import { recheckAvailability } from '../../src/store/sync/streams.ts';
import { createApp } from '../../web/app.ts';
import { createMetrics } from '../../web/http/metrics.ts';
import { createThrottledTrigger } from '../../web/http/throttled-trigger.ts';
import { startHttpServer } from '../../web/listen.ts';
import type { Config } from '../product/config.ts';
import { loadEventsMapping } from '../product/load-events-mapping.ts';
import type { Product } from '../product/open-product.ts';
import { withProduct } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';
import { waitForShutdownSignal } from '../terminal/shutdown-signal.ts';

const ROLES = ['web', 'worker', 'scheduler'] as const;
type Role = (typeof ROLES)[number];

export function startCommand(io: CommandIo): Command {
  return new Command('start')
    .description('run the service: receive, poll, score, write back, every night')
    .option('--roles <list>', `any of ${ROLES.join(', ')}`, roles, [...ROLES])
    .action((options: { roles: readonly Role[] }) =>
      withProduct(io, {}, (product, config) => serve(product, config, options.roles)),
    );
}

async function serve(product: Product, config: Config, asked: readonly Role[]): Promise<void> {
  const { context } = product;
  const stopped = waitForShutdownSignal();
  const server = asked.includes('web') ? await startHttpServers(product, config) : null;
  let stopBeating = async () => {};
  // Whatever fails from here on: a server that still listens would keep a process alive that does nothing.
  try {
    if (asked.includes('worker')) product.work();
    stopBeating = await startHeartbeat(product, asked);
    // Whoever starts it may have mended what a CRM was left alone for, or been given another scope.
    for (const crm of context.crms.keys()) {
      await clearPausesOfKinds(context.db, { crm, kinds: OPERATOR_ACTION_KINDS, before: context.clock.now() });
      await recheckAvailability(context.db, crm);
    }
    // What was missed while nothing ran is found now, not at the next tick.
    await context.enqueue('poll', {});
    context.log.info({ roles: asked, port: server ? config.port : undefined }, 'leadgrade is running');
    await stopped;
    context.log.info({}, 'leadgrade is stopping');
  } finally {
    server?.close();
    server?.closeAllConnections();
    await stopBeating();
  }
}

async function startHttpServers({ context }: Product, config: Config): Promise<Server> {
  const { db, clock, crms, log } = context;
  const { publicUrl, metricsToken } = config;
  const metrics = createMetrics({ db, clock, crms: [...crms.keys()] });
  const project = createEventProjector(await loadEventsMapping());
  const receivers = new Map(
    [...crms].flatMap(([crm, { connector }]) => (connector.webhook ? [[crm, connector.webhook] as const] : [])),
  );
  const unverified = [...receivers].flatMap(([crm, { needsPublicUrl }]) => (needsPublicUrl ? [crm] : []));
  if (publicUrl === undefined && unverified.length > 0) {
    log.warn({ crms: unverified }, 'PUBLIC_URL is not set: webhooks cannot be verified, and are answered with 503');
  }
  const doorbell = (job: 'process-inbox' | 'match-site-events') =>
    createThrottledTrigger(
      () => context.enqueue(job, {}),
      () => log.warn({ job }, 'the queue was not reached; what was stored is taken at the next tick'),
    );
  const app = createApp({
    health: { db, clock, canary: WORKER_CANARY_ID, pollSeconds: config.pollSeconds, crms: [...crms.keys()] },
    metrics,
    metricsToken,
    webhooks: { db, clock, metrics, log, publicUrl, receivers, ring: doorbell('process-inbox') },
    siteEvents: {
      ...{ db, clock, metrics, log, project, ring: doorbell('match-site-events') },
      ...{ keys: config.eventsWriteKeys, crms: [...crms.keys()] },
    },
  });
  return startHttpServer(app, config.port);
}

/** A row that says that this process lives, until it is told to stop. */
async function startHeartbeat(product: Product, asked: readonly Role[]): Promise<() => Promise<void>> {
  const { context } = product;
  const process = { id: randomUUID(), roles: asked.join(',') };
  const beatNow = async () => {
    await writeHeartbeat(context.db, process, context.clock.now());
    // A queue that was lost (an emptied Redis) has lost its schedule, too.
    if (asked.includes('scheduler')) await product.schedule();
  };
  await beatNow();
  const timer = setInterval(() => {
    beatNow().catch(() => context.log.warn({}, 'the heartbeat was not taken'));
  }, HEARTBEAT_MS);
  return async () => {
    clearInterval(timer);
    await removeHeartbeat(context.db, process.id).catch(() => undefined);
  };
}

function roles(text: string): readonly Role[] {
  const asked = text.split(',').map((each) => each.trim());
  const known = ROLES.filter((role) => asked.includes(role));
  if (known.length !== asked.length) throw new InvalidArgumentError(`It must be some of ${ROLES.join(',')}.`);
  return known;
}
