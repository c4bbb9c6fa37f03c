// Watch: the streams that no webhook tells of and that are worth most when they are fresh (forms), between two polls.
import { PRIORITY } from '../../src/domain/priority.ts';
import type { JobContext } from '../context.ts';
import { runUnlessPaused } from '../failure-policy.ts';
import { syncStreamNow } from './sync-streams.ts';

export async function pollFastStreams(context: JobContext, { crm }: { crm: string }): Promise<void> {
  await runUnlessPaused(context, { crm, direction: 'read' }, 'poll-fast-streams', async (mapped) => {
    const watched = mapped.connector.streams.filter(({ pollEverySeconds }) => pollEverySeconds !== undefined);
    for (const stream of watched) {
      if (context.signal.aborted) return;
      await syncStreamNow(context, mapped, stream, PRIORITY.activity);
    }
  });
  await context.enqueue('refresh-records', { crm });
}
