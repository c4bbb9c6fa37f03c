// Worker processes that score beside the measured one, as `score-more-leads` does it.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { JobContext } from '../../jobs/context.ts';
import { scoreMoreLeads } from '../../jobs/score/score-more-leads.ts';
import { writeHeartbeat } from '../../src/store/sync/heartbeats.ts';
import { openMeter, type Usage } from './measure.ts';
import { openBenchProduct } from './product.ts';
import { FIRST } from './seed.ts';

export interface OtherWorkers {
  /**
   * Runs `score` in a context whose `score-more-leads` jobs run in the other workers, until all have ended.
   * @returns what the others have used
   */
  score(now: Date, score: (context: JobContext) => Promise<void>): Promise<Used>;
  /** Scores what is due in one of the others alone. @param other from 0 */
  scoreAlone(other: number, now: Date): Promise<void>;
  close(): Promise<void>;
}

type Used = Pick<Usage, 'nodeMs' | 'statements'>;

/** @param count of the others; 0 = the measured process scores alone */
export async function startOtherWorkers(
  context: JobContext,
  databaseUrl: string,
  count: number,
): Promise<OtherWorkers> {
  const program = new URL(import.meta.url).pathname;
  const children = Array.from({ length: count }, () => fork(program, [databaseUrl]));
  await Promise.all(children.map(answerOf));
  return {
    score: async (now, score) => {
      for (let worker = 0; worker <= count; worker++)
        await writeHeartbeat(context.db, { id: `worker-${worker}`, roles: 'worker' }, now);
      const running = new Map<ChildProcess, Promise<Used>>();
      const enqueue: JobContext['enqueue'] = async (job, payload) => {
        const child = 'scorer' in payload ? children[payload.scorer - 2] : undefined;
        if (job === 'score-more-leads' && child !== undefined && !running.has(child))
          running.set(child, scoreIn(child, now));
      };
      await score({ ...context, enqueue });
      const used = await Promise.all(running.values());
      return {
        nodeMs: used.reduce((sum, { nodeMs }) => sum + nodeMs, 0),
        statements: used.reduce((sum, { statements }) => sum + statements, 0),
      };
    },
    scoreAlone: async (other, now) => {
      const child = children[other];
      if (child !== undefined) await scoreIn(child, now);
    },
    close: async () => {
      const ended = children.map((child) => once(child, 'exit'));
      for (const child of children) child.disconnect();
      await Promise.all(ended);
    },
  };
}

async function scoreIn(child: ChildProcess, now: Date): Promise<Used> {
  const answer = answerOf(child);
  child.send(now.toISOString());
  const [used] = await answer;
  return used as Used;
}

/** @throws if the worker ends first */
async function answerOf(child: ChildProcess): Promise<readonly unknown[]> {
  const waiting = new AbortController();
  const { signal } = waiting;
  const ended = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`A worker ended with ${String(code)} before it answered.`);
  });
  try {
    return await Promise.race([once(child, 'message', { signal }), ended]);
  } finally {
    waiting.abort();
    ended.catch(() => undefined);
  }
}

if (import.meta.main) {
  const databaseUrl = process.argv[2] ?? '';
  const product = await openBenchProduct(databaseUrl, FIRST);
  const meter = await openMeter(databaseUrl);
  process.on('message', async (now: string) => {
    product.setTime(new Date(now));
    const { nodeMs, statements } = await meter.measure(() => scoreMoreLeads(product.context));
    process.send?.({ nodeMs, statements });
  });
  process.on('disconnect', async () => {
    await meter.close();
    await product.close();
    process.exit(0);
  });
  process.send?.('ready');
}
