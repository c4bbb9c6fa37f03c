// The tick: every POLL_SECONDS it rings for the next round. What a lost queue or a killed process left undone is found here.
import { beat } from '../../src/store/sync/heartbeats.ts';
import type { JobContext } from '../context.ts';

/** The row that shows that jobs are taken and finished; readiness looks at it. */
export const CANARY = 'canary';

export async function tick(context: JobContext): Promise<void> {
  await beat(context.db, { id: CANARY, roles: CANARY }, context.clock.now());
  await context.ring('intake', {});
  await context.ring('match', {});
  for (const crm of context.crms.keys()) {
    await context.ring('pull', { crm });
    await context.ring('write', { crm });
  }
  await context.ring('nightly', {});
}
