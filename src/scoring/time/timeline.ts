// The instants of one signal's activities. Used again for the next lead, so that scoring leaves no lists behind.

export class Timeline {
  #size = 0;
  #instants = new Float64Array(4);

  clear(): void {
    this.#size = 0;
  }

  /** @param instant epoch milliseconds; if one is before the last, call `sort` at the end */
  add(instant: number): void {
    if (this.#size === this.#instants.length) this.#grow();
    this.#instants[this.#size++] = instant;
  }

  #grow(): void {
    const larger = new Float64Array(this.#instants.length * 4);
    larger.set(this.#instants);
    this.#instants = larger;
  }

  sort(): void {
    this.#instants.subarray(0, this.#size).sort();
  }

  /** The instant at an index, earliest first; NaN outside. */
  at(index: number): number {
    return index < this.#size ? (this.#instants[index] ?? Number.NaN) : Number.NaN;
  }

  /** The instants from an index to before another, earliest first. */
  listFrom(first: number, end = this.#size): number[] {
    const instants: number[] = [];
    for (let index = first; index < Math.min(end, this.#size); index++) instants.push(this.at(index));
    return instants;
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
