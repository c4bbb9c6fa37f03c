// Finds the items because of which a statement for many items fails. All others are processed.
import type { ReadFailure } from '../domain/crm-changes.ts';
import { inHalves } from '../domain/lists/in-halves.ts';
import { toItemFailure } from './refused-value.ts';

/**
 * Processes the items of a batch that failed, in halves, down to the items that fail alone.
 * @param error of the whole batch
 * @param work processes some of the items in a transaction of its own
 * @returns the items that could not be processed
 * @throws the error, or that of a part, if it is not about an item
 */
export async function processApart<T>(
  items: readonly T[],
  error: unknown,
  work: (part: readonly T[]) => Promise<unknown>,
): Promise<ReadonlyMap<T, ReadFailure>> {
  const failure = toItemFailure(error);
  if (failure === null || items.length === 0) throw error;
  const failed = new Map(items.map((item) => [item, failure]));
  if (items.length < 2) return failed;
  await inHalves(items, items.length, async (part) => {
    try {
      await work(part);
      for (const item of part) failed.delete(item);
      return { results: [], suspects: [] };
    } catch (partError) {
      const found = toItemFailure(partError);
      if (found === null) throw partError;
      for (const item of part) failed.set(item, found);
      return { results: [], suspects: part };
    }
  });
  return failed;
}
