// Watch: the streams that no webhook tells of and that are worth most when they are fresh (forms), between two polls.
import type { JobContext } from './context.ts';
import { unlessHalted } from './failure-policy.ts';
import { pullStreamsNow } from './pull-changes.ts';

export async function watchStreams(context: JobContext, { crm }: { crm: string }): Promise<void> {
  await unlessHalted(context, { crm, side: 'read' }, 'watch', (mapped) => {
    const watched = mapped.connector.streams.filter(({ everySeconds }) => everySeconds !== undefined);
    return pullStreamsNow(
      context,
      mapped,
      watched.map(({ id }) => id),
    );
  });
  await context.ring('refresh', { crm });
}
