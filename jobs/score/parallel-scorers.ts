// Several workers score at a time. `score-leads` does all steps of the stage in one of them, and enqueues
// `score-more-leads` for the others, which only score due leads. Each chunk locks leads that no other chunk has locked
// (`skip locked`), most urgent first: scorers never wait for each other, and the order of priorities holds over all.
import { countWorkers } from '../../src/store/sync/heartbeats.ts';
import type { JobContext } from '../context.ts';

/**
 * The jobs of the others are enqueued again after so many chunks: one that the queue gave to a worker that is scoring
 * already has ended at once.
 */
export const CHUNKS_BETWEEN_ENQUEUES = 4;

/** The number of scorings, by database: a test opens several in its process. */
const scoring = new WeakMap<JobContext['db'], number>();

/** Runs `work`; meanwhile `isScoring` is true in this process. */
export async function whileScoring<T>({ db }: Pick<JobContext, 'db'>, work: () => Promise<T>): Promise<T> {
  const add = (count: number) => scoring.set(db, (scoring.get(db) ?? 0) + count);
  add(1);
  try {
    return await work();
  } finally {
    add(-1);
  }
}

/** Whether this process scores leads. More scoring in it would bring nothing: it has one event loop. */
export function isScoring({ db }: Pick<JobContext, 'db'>): boolean {
  return (scoring.get(db) ?? 0) > 0;
}

/** Lets the other workers score as well, one job each. */
export async function enqueueScorers({
  db,
  clock,
  maxScorers,
  enqueue,
}: Pick<JobContext, 'db' | 'clock' | 'maxScorers' | 'enqueue'>): Promise<void> {
  if (maxScorers === 1) return;
  const scorers = Math.min(maxScorers, await countWorkers(db, clock.now()));
  for (let scorer = 2; scorer <= scorers; scorer++) {
    await enqueue('score-more-leads', { scorer }, { skipIfActive: true });
  }
}
