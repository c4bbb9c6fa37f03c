// Finds the items because of which a whole call fails: the items are processed again in halves, down
// to single items. It also finds the number of items that one call can process.

/** What one call did to the items of a batch. */
export interface Attempt<T, R> {
  readonly results: readonly R[];
  /** Failed, and possibly only because of the other items of the call. */
  readonly suspects: readonly T[];
}

export interface HalvedWork<T, R> {
  readonly results: readonly R[];
  /** Failed in a call of their own, while others succeeded. */
  readonly failed: readonly T[];
  /** Not empty: no item succeeded in a call of its own, so the failure has another cause. */
  readonly unresolved: readonly T[];
  /** The largest number of items that succeeded in one of these calls; 0 = none did. */
  readonly largest: number;
}

/**
 * Processes the suspects of a call of `size` items again. A failing item costs at most 2 * log2(n)
 * calls. If the first two single items fail, two others are tried: if these fail as well, the rest
 * is left.
 */
export async function inHalves<T, R>(
  suspects: readonly T[],
  size: number,
  attempt: (part: readonly T[]) => Promise<Attempt<T, R>>,
): Promise<HalvedWork<T, R>> {
  const halving = new Halving(suspects, attempt);
  await halving.processHalves(suspects, size);
  return halving.outcome();
}

class Halving<T, R> {
  readonly #suspects: readonly T[];
  readonly #attempt: (part: readonly T[]) => Promise<Attempt<T, R>>;
  readonly #results: R[] = [];
  readonly #done = new Set<T>();
  readonly #failed = new Set<T>();
  #largest = 0;
  #isHopeless = false;

  constructor(suspects: readonly T[], attempt: (part: readonly T[]) => Promise<Attempt<T, R>>) {
    this.#suspects = suspects;
    this.#attempt = attempt;
  }

  outcome(): HalvedWork<T, R> {
    const isHopeless = this.#largest === 0 && this.#done.size === 0;
    return {
      results: this.#results,
      failed: isHopeless ? [] : [...this.#failed],
      unresolved: isHopeless ? this.#suspects : [],
      largest: this.#largest,
    };
  }

  async processHalves(part: readonly T[], size: number): Promise<void> {
    const half = Math.max(1, Math.ceil(size / 2));
    for (let start = 0; start < part.length; start += half) {
      if (this.#isHopeless) return;
      const rest = part.slice(start, start + half).filter((each) => !this.#done.has(each) && !this.#failed.has(each));
      if (rest.length > 0) await this.#processPart(rest);
    }
  }

  async #processPart(part: readonly T[]): Promise<void> {
    const suspects = await this.#process(part);
    if (suspects.length === 0) return;
    if (part.length > 1) return this.processHalves(suspects, part.length);
    for (const each of suspects) this.#failed.add(each);
    if (this.#failed.size === 2 && this.#done.size === 0) await this.#tryOthers();
  }

  async #tryOthers(): Promise<void> {
    const rest = this.#suspects.filter((each) => !this.#failed.has(each));
    const others = new Set([
      ...rest.slice(-1),
      ...rest.slice(Math.floor(rest.length / 2), Math.floor(rest.length / 2) + 1),
    ]);
    for (const other of others) {
      for (const each of await this.#process([other])) this.#failed.add(each);
      if (this.#done.size > 0) return;
    }
    this.#isHopeless = true;
  }

  async #process(part: readonly T[]): Promise<readonly T[]> {
    const { results, suspects } = await this.#attempt(part);
    this.#results.push(...results);
    const failed = new Set(suspects);
    for (const each of part) if (!failed.has(each)) this.#done.add(each);
    if (suspects.length === 0) this.#largest = Math.max(this.#largest, part.length);
    return suspects;
  }
}
