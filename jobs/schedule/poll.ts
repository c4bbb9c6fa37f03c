// The poll job: enqueues the other jobs every POLL_SECONDS. It repairs a lost queue or a killed
// process.
import { writeHeartbeat } from '../../src/store/sync/heartbeats.ts';
import type { JobContext } from '../context.ts';

/** Heartbeat row of a worker that finishes jobs. The readiness check reads it. */
export const WORKER_CANARY_ID = 'canary';

export async function poll(context: JobContext): Promise<void> {
  await writeHeartbeat(context.db, { id: WORKER_CANARY_ID, roles: WORKER_CANARY_ID }, context.clock.now());
  await context.enqueue('process-inbox', {});
  await context.enqueue('match-site-events', {});
  for (const crm of context.crms.keys()) {
    await context.enqueue('sync-streams', { crm });
    await context.enqueue('write-scores', { crm });
  }
  await context.enqueue('nightly', {});
}
