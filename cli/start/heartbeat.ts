// The heartbeat of a service process: every few seconds it proves that the database takes a write
// and that the queue responds, repairs what a wrong clock has left behind, and restores the schedule.
import { randomUUID } from 'node:crypto';
import { createThrottledLog, redactError } from '../../src/runtime/throttled-log.ts';
import { withTimeout } from '../../src/runtime/with-timeout.ts';
import { aheadOfClockMs, endFutureInstants } from '../../src/store/sync/future-instants.ts';
import { HEARTBEAT_MS, removeHeartbeat, writeHeartbeat } from '../../src/store/sync/heartbeats.ts';
import type { Product } from '../product/open-product.ts';
import type { Role } from './roles.ts';

export interface Heartbeat {
  /** How long the queue has not responded, in ms; 0 = it responded to the last ping. */
  queueSilentMs(): number;
  /** Stops it and deletes its row. */
  stop(): Promise<void>;
}

/** A silent connection never fails by itself, so each step has a time limit. */
const STEP_TIMEOUT_MS = 10_000;
const REMOVE_TIMEOUT_MS = 2_000;

/** The first heartbeat. @throws when the database does not take it */
export async function startHeartbeat(product: Product, roles: readonly Role[]): Promise<Heartbeat> {
  const { context } = product;
  const { db, clock } = context;
  const process = { id: randomUUID(), roles: roles.join(',') };
  const warn = createThrottledLog(context.log, clock);
  const step = async (name: string, message: string, work: () => Promise<void>): Promise<boolean> => {
    try {
      await withTimeout(STEP_TIMEOUT_MS, work);
      return true;
    } catch (error) {
      warn(name, redactError(error), message);
      return false;
    }
  };
  let queueRespondedAt = performance.now();
  let isQueueSilent = false;
  const pingQueue = async () => {
    const responds = await step('queue', 'the queue does not respond; reconnecting', product.pingQueue);
    if (responds) queueRespondedAt = performance.now();
    if (responds && isQueueSilent) context.log.info({}, 'the queue responds again');
    isQueueSilent = !responds;
    return responds;
  };
  const heartbeat = async () => {
    await step('heartbeat', 'could not write heartbeat', async () => {
      await repairClock(product);
      await writeHeartbeat(db, process, clock.now());
    });
    // A queue that was lost (for example an emptied Redis) has lost its schedule, too.
    if ((await pingQueue()) && roles.includes('scheduler')) {
      await step('schedule', 'could not schedule the poll job', () => schedule(product));
    }
  };
  await repairClock(product);
  await writeHeartbeat(db, process, clock.now());
  if (roles.includes('scheduler')) await schedule(product);
  const stopTimer = repeat(heartbeat);
  return {
    queueSilentMs: () => (isQueueSilent ? Math.round(performance.now() - queueRespondedAt) : 0),
    stop: async () => {
      stopTimer();
      await withTimeout(REMOVE_TIMEOUT_MS, () => removeHeartbeat(db, process.id)).catch(() => undefined);
    },
  };
}

/** Calls `work` every HEARTBEAT_MS, never twice at a time. */
function repeat(work: () => Promise<void>): () => void {
  let isRunning = false;
  const timer = setInterval(async () => {
    if (isRunning) return;
    isRunning = true;
    await work();
    isRunning = false;
  }, HEARTBEAT_MS);
  return () => clearInterval(timer);
}

/** Ends leases, retries and pauses of a clock that was ahead and was put right. */
async function repairClock({ context }: Product): Promise<void> {
  const { db, clock, log } = context;
  const aheadMs = await aheadOfClockMs(db, clock.now());
  if (aheadMs === 0) return;
  await endFutureInstants(db, clock.now());
  const message = 'the clock was ahead and was put right; what it had set for later can begin now';
  log.warn({ aheadSeconds: Math.round(aheadMs / 1_000) }, message);
}

async function schedule(product: Product): Promise<void> {
  if (await product.schedule()) {
    product.context.log.warn({}, 'the schedule lay too far ahead, as the clock was ahead; scheduled again');
  }
}
