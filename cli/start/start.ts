// `npx leadgrade start`: the service. All roles run in one process, or are distributed over several.
import type { Server } from 'node:http';
import { applyFirstModels } from '../../jobs/applied-model.ts';
import { OPERATOR_ACTION_KINDS } from '../../jobs/failure-policy.ts';
import { CANARY_SECONDS, WORKER_CANARY_ID } from '../../jobs/schedule/canary.ts';
import { createNormalizeId } from '../../src/crm/normalize-links.ts';
import { shortHash } from '../../src/domain/texts/model-name.ts';
import { createEventProjector } from '../../src/mapping/events-mapping.ts';
import { createThrottledLog } from '../../src/runtime/throttled-log.ts';
import { startWatchdog } from '../../src/runtime/watchdog.ts';
import { hasEndedInputs } from '../../src/store/models/scoring-config.ts';
import { retrySetAside } from '../../src/store/set-aside/set-aside.ts';
import { clearPausesOfKinds } from '../../src/store/sync/crm-pauses.ts';
import { recheckAvailability } from '../../src/store/sync/stream-availability.ts';
import { createApp } from '../../web/app.ts';
import { createMetrics } from '../../web/http/metrics.ts';
import { createThrottledTrigger } from '../../web/http/throttled-trigger.ts';
import { startHttpServer } from '../../web/listen.ts';
import { modelWarnings } from '../model-files/model-warnings.ts';
import { findUnappliedFile } from '../model-files/versions/unapplied-file.ts';
import type { Config } from '../product/config.ts';
import { loadEventsMapping } from '../product/files/load-events-mapping.ts';
import type { Product } from '../product/open-product.ts';
import { withProduct } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';
import { waitForShutdownSignal } from '../terminal/shutdown-signal.ts';
import { type Heartbeat, startHeartbeat } from './heartbeat.ts';
import type { Role } from './roles.ts';

export function start(io: CommandIo, roles: readonly Role[]): Promise<void> {
  return withProduct(io, {}, (product, config) => serve(product, config, roles));
}

async function serve(product: Product, config: Config, roles: readonly Role[]): Promise<void> {
  const { context } = product;
  const stopped = waitForShutdownSignal();
  const stopWatchdog = startWatchdog();
  const heartbeat = await startHeartbeat(product, roles);
  let server: Server | null = null;
  // On any failure the server must be closed: while it listens, the process does not end.
  try {
    if (roles.includes('web')) server = await startWeb(product, config, heartbeat);
    if (roles.includes('worker')) product.work();
    // The operator may have fixed the reason of a pause, or granted scopes, before this start.
    for (const crm of context.crms.keys()) {
      await clearPausesOfKinds(context.db, { crm, kinds: OPERATOR_ACTION_KINDS, before: context.clock.now() });
      await recheckAvailability(context.db, crm);
    }
    await retrySetAside(context.db, context.clock.now());
    await followAppliedModel(product, config);
    for (const warning of [...sharedFolder(product), ...(await modelWarnings(context))]) context.log.warn({}, warning);
    // Changes since the last stop are found now instead of at the next scheduled poll.
    await context.enqueue('poll', {});
    await context.enqueue('canary', {});
    context.log.info({ roles, port: server ? config.port : undefined }, 'leadgrade is running');
    await stopped;
    context.log.info({}, 'leadgrade is stopping');
  } finally {
    server?.close();
    server?.closeAllConnections();
    await heartbeat.stop();
    stopWatchdog();
  }
}

/** The first start of an installation applies its model file; a later change of the file is only said. */
async function followAppliedModel({ context }: Product, { modelFile }: Config): Promise<void> {
  await applyFirstModels(context);
  const { compiled, hash } = context.model;
  // The process that applied it ended before the scores of the leads were computed.
  if (await hasEndedInputs(context.db)) {
    context.log.info(
      { model: compiled.id, hash: shortHash(hash) },
      'a model was applied, and the leads are not scored with it yet; this goes on now',
    );
  }
  const unapplied = await findUnappliedFile(modelFile, context.models);
  if (unapplied !== null) context.log.warn({}, `${unapplied.message} ${unapplied.fix}`);
}

/** Another process has opened the embedded database first. */
function sharedFolder({ database }: Product): readonly string[] {
  if (!database.embedded || database.ownsFolder) return [];
  return [
    'another process owns the data folder (DATA_DIR): both services share the work, and this one stops working when that one ends. For several processes set DATABASE_URL',
  ];
}

async function startWeb({ context }: Product, config: Config, { queueSilentMs }: Heartbeat): Promise<Server> {
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
  const warn = createThrottledLog(log, clock);
  const triggerFor = (job: 'process-inbox' | 'match-site-events') =>
    createThrottledTrigger(
      () => context.enqueue(job, {}),
      () => warn(job, { job }, 'could not enqueue job; the next poll job enqueues it'),
    );
  const app = createApp({
    health: {
      ...{
        db,
        clock,
        canary: WORKER_CANARY_ID,
        canarySeconds: CANARY_SECONDS,
        pollSeconds: config.pollSeconds,
        crms: [...crms.keys()],
      },
      ...{ queueSilentMs, token: config.metricsToken },
    },
    metrics,
    metricsToken,
    webhooks: { db, clock, metrics, log, publicUrl, receivers, trigger: triggerFor('process-inbox') },
    siteEvents: {
      ...{ db, clock, metrics, log, project, trigger: triggerFor('match-site-events') },
      ...{ keys: config.eventsWriteKeys, crms: [...crms.keys()] },
      normalizeId: createNormalizeId((crm) => crms.get(crm)?.connector.recordKeys),
    },
  });
  return startHttpServer(app, config.port);
}
