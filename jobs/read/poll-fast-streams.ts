// Polls the streams without a webhook whose items matter most when fresh (forms), between two poll
// jobs.
import { PRIORITY } from '../../src/domain/priority.ts';
import type { JobContext } from '../context.ts';
import { runUnlessPaused } from '../failure-policy.ts';
import { syncStreamNow } from './read-stream.ts';

export async function pollFastStreams(context: JobContext, { crm }: { crm: string }): Promise<void> {
  await runUnlessPaused(context, { crm, direction: 'read' }, 'poll-fast-streams', async (mapped) => {
    const fast = mapped.connector.streams.filter(({ pollEverySeconds }) => pollEverySeconds !== undefined);
    for (const stream of fast) {
      if (context.signal.aborted) return;
      await syncStreamNow(context, mapped, stream, PRIORITY.activity);
    }
  });
  await context.enqueue('refresh-records', { crm });
}
