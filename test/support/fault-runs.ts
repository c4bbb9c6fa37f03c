// How often the tests of faults repeat: a few times in `npm run test:all`, all rows of docs/reliability.md in
// `npm run test:faults`. Random instants come from a seed, which is printed and can be given again.

/** Whether this run is `npm run test:faults`. */
export const IS_FULL = process.env.FAULTS === 'full';

/** FAULT_SEED repeats a run. */
const FAULT_SEED = Number(process.env.FAULT_SEED ?? Date.now() % 2 ** 31);

/** The number of repetitions in this run. */
export function repetitions({ usual, full }: { readonly usual: number; readonly full: number }): number {
  return IS_FULL ? full : usual;
}

/** Numbers from 0 up to 1, the same for each run with this seed (mulberry32). Prints the seed. */
export function seededRandom(what: string): () => number {
  console.log(`${what}: FAULT_SEED=${FAULT_SEED}`);
  let state = FAULT_SEED;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Waits for `state`, and prints how long it took: the figures of docs/reliability.md. @returns the seconds */
export async function printSeconds(what: string, state: () => Promise<unknown>): Promise<number> {
  const since = performance.now();
  await state();
  const seconds = (performance.now() - since) / 1_000;
  console.log(`${what}: ${seconds.toFixed(1)} s`);
  return seconds;
}
