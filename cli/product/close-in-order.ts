// Closes the parts of the product, each within a time of its own: a server that is silent never
// confirms that a connection is closed.
import { withTimeout } from '../../src/runtime/with-timeout.ts';

export interface ClosingStep {
  readonly part: string;
  readonly deadlineMs: number;
  readonly close: () => Promise<unknown>;
}

/**
 * Closes one part after the other. A part that fails, or that has not closed by its deadline, is
 * left behind.
 * @returns the parts that were left behind
 */
export async function closeInOrder(steps: readonly ClosingStep[]): Promise<readonly string[]> {
  const left: string[] = [];
  for (const { part, deadlineMs, close } of steps) {
    await withTimeout(deadlineMs, close).catch(() => left.push(part));
  }
  return left;
}
