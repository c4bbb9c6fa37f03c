// The instants of one signal's activities. Used again for the next lead, so that scoring leaves no lists behind.

export class Timeline {
  #size = 0;
  #instants = new Float64Array(4);
  #isInOrder = true;

  /** The number of instants, future ones included. */
  get size(): number {
    return this.#size;
  }

  clear(): void {
    this.#size = 0;
    this.#isInOrder = true;
  }

  /** @param instant epoch milliseconds, in any order; call `sort` after the last one */
  add(instant: number): void {
    const size = this.#size;
    if (size === this.#instants.length) this.#grow();
    if (size > 0 && instant < (this.#instants[size - 1] ?? 0)) this.#isInOrder = false;
    this.#instants[size] = instant;
    this.#size = size + 1;
  }

  #grow(): void {
    const larger = new Float64Array(this.#instants.length * 4);
    larger.set(this.#instants);
    this.#instants = larger;
  }

  /** The store delivers activities in order of time; other sources may not. */
  sort(): void {
    if (!this.#isInOrder) this.#instants.subarray(0, this.#size).sort();
    this.#isInOrder = true;
  }

  /** The instant at an index, earliest first; NaN outside. */
  at(index: number): number {
    return index < this.#size ? (this.#instants[index] ?? Number.NaN) : Number.NaN;
  }

  /** The number of instants that are not after `at`. */
  countUntil(at: number): number {
    let count = this.#size;
    while (count > 0 && this.at(count - 1) > at) count--;
    return count;
  }

  /** The number of instants that are not after `at` and inside the window before it. */
  countWithin(at: number, windowMs: number): number {
    const end = this.countUntil(at);
    let first = end;
    while (first > 0 && at - this.at(first - 1) < windowMs) first--;
    return end - first;
  }
}
