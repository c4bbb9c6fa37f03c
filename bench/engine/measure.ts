// CPU time of several ways to do the same work, measured in rounds: each round runs every way once, so that a busy moment of the
// machine falls on all of them.

export interface Contestant {
  readonly name: string;
  /** Does the work for the first `count` leads. */
  readonly run: (count: number) => void | Promise<void>;
  /** Leads a round: fewer for a slow engine. */
  readonly leads: number;
}

/** @returns by name, the CPU microseconds a lead of each round (this process, all threads, garbage collection included) */
export async function measureRounds(
  contestants: readonly Contestant[],
  rounds: number,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const times = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
  // Before the first round that counts, every way is compiled.
  for (const { run, leads } of contestants) await run(leads);
  for (let round = 0; round < rounds; round++) {
    for (const { name, run, leads } of contestants) {
      const before = process.cpuUsage();
      await run(leads);
      const { user, system } = process.cpuUsage(before);
      times.get(name)?.push((user + system) / leads);
    }
  }
  return times;
}
