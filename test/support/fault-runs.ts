// How often the tests of faults repeat: a few times in `npm run test:all`, all rows of docs/reliability.md in
// `npm run test:faults`. Random instants come from a seed, which is printed and can be given again.
import { type Random, seededRandom } from '../../sandbox/dataset/random.ts';

/** Whether this run is `npm run test:faults`. */
export const IS_FULL = process.env.FAULTS === 'full';

/** FAULT_SEED repeats a run. */
const FAULT_SEED = Number(process.env.FAULT_SEED ?? Date.now() % 2 ** 31);

/** The number of repetitions in this run. */
export function repetitions({ usual, full }: { readonly usual: number; readonly full: number }): number {
  return IS_FULL ? full : usual;
}

const DAY_MS = 86_400_000;

/** Which part of a share this run tries: the next one each day, so that all are tried in turn. FAULT_SEED repeats a run. */
const TURN = Number(process.env.FAULT_SEED ?? Math.floor(Date.now() / DAY_MS));

/**
 * One item of each `of` neighbors, another one each day, and all of them in `npm run test:faults`. Prints how many of how many are
 * tried.
 */
export function share<T>(what: string, all: readonly T[], of: number): readonly T[] {
  if (IS_FULL) return all;
  const tried = all.filter((_item, at) => (at + TURN) % of === 0);
  console.log(`${what}: ${tried.length} of ${all.length} tried, FAULT_SEED=${TURN}; all in npm run test:faults`);
  return tried;
}

/** The same numbers for each run with this seed, which is printed. */
export function printedRandom(what: string): Random {
  console.log(`${what}: FAULT_SEED=${FAULT_SEED}`);
  return seededRandom(FAULT_SEED);
}

/** Waits for `state`, and prints how long it took: the figures of docs/reliability.md. @returns the seconds */
export async function printSeconds(what: string, state: () => Promise<unknown>): Promise<number> {
  const since = performance.now();
  await state();
  const seconds = (performance.now() - since) / 1_000;
  console.log(`${what}: ${seconds.toFixed(1)} s`);
  return seconds;
}
