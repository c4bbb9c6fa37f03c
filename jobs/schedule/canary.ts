// The canary job: proves that a worker finishes jobs. A worker runs one job of each kind at a time, so it has
// a place of its own beside jobs that take hours.
import { writeHeartbeat } from '../../src/store/sync/heartbeats.ts';
import type { JobContext } from '../context.ts';

/** Heartbeat row of a worker that finishes jobs. The readiness check reads it. */
export const WORKER_CANARY_ID = 'canary';

/** Readiness fails after three missed ones: within a minute of the last progress. */
export const CANARY_SECONDS = 15;

export async function proveProgress({ db, clock }: Pick<JobContext, 'db' | 'clock'>): Promise<void> {
  await writeHeartbeat(db, { id: WORKER_CANARY_ID, roles: WORKER_CANARY_ID }, clock.now());
}
