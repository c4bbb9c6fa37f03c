// Watch: the streams that no webhook tells of and that are worth most when they are fresh (forms), between two polls.
import { PRIORITY } from '../../src/domain/priority.ts';
import type { JobContext } from '../context.ts';
import { unlessHalted } from '../failure-policy.ts';
import { pullStreamNow } from './pull-changes.ts';

export async function watchStreams(context: JobContext, { crm }: { crm: string }): Promise<void> {
  await unlessHalted(context, { crm, side: 'read' }, 'watch', async (mapped) => {
    const watched = mapped.connector.streams.filter(({ everySeconds }) => everySeconds !== undefined);
    for (const stream of watched) {
      if (context.signal.aborted) return;
      await pullStreamNow(context, mapped, stream, PRIORITY.activity);
    }
  });
  await context.ring('refresh', { crm });
}
