// A group of timers that are canceled together and do not keep the process alive.

export class Timers {
  readonly #running = new Set<NodeJS.Timeout>();
  #isClosed = false;

  /** @returns cancels the timer */
  after(ms: number, act: () => void): () => void {
    if (this.#isClosed) return () => {};
    const timer = setTimeout(() => {
      this.#running.delete(timer);
      act();
    }, ms);
    timer.unref();
    this.#running.add(timer);
    return () => {
      clearTimeout(timer);
      this.#running.delete(timer);
    };
  }

  /** Cancels all timers; later ones are ignored. */
  close(): void {
    this.#isClosed = true;
    for (const timer of this.#running) clearTimeout(timer);
    this.#running.clear();
  }
}
