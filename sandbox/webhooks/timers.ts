// Timers that end together, and that keep no process alive.

export class Timers {
  readonly #running = new Set<NodeJS.Timeout>();
  #over = false;

  /** @returns a way to call it off */
  after(ms: number, act: () => void): () => void {
    if (this.#over) return () => {};
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

  /** Ends all of them; none begins any more. */
  close(): void {
    this.#over = true;
    for (const timer of this.#running) clearTimeout(timer);
    this.#running.clear();
  }
}
