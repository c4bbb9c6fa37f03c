// The poll job: enqueues the other jobs every POLL_SECONDS. It repairs a lost queue or a killed
// process.
import type { JobContext } from '../context.ts';

export async function poll(context: JobContext): Promise<void> {
  await context.enqueue('process-inbox', {});
  await context.enqueue('match-site-events', {});
  for (const crm of context.crms.keys()) {
    await context.enqueue('sync-streams', { crm });
    await context.enqueue('write-scores', { crm });
  }
  await context.enqueue('nightly', {});
}
