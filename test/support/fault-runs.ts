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
