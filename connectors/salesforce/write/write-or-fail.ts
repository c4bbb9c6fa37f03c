// Keeps the results of records that are written already when a later call fails.
import type { ScorePatch, WriteResult } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';

/** Errors after which a later call may succeed. */
const RETRYABLE: ReadonlySet<string> = new Set(['retry', 'rate-limited', 'budget-spent']);

/** One failed result per patch. @throws the error if a later call cannot succeed */
export function failedResults(patches: readonly ScorePatch[], error: unknown): readonly WriteResult[] {
  if (!(error instanceof ConnectorError) || !RETRYABLE.has(error.kind)) throw error;
  return patches.map(({ ref }) => ({ kind: 'failed', ref, error }));
}

/**
 * Turns a retryable error into failed results: other records of the batch are written already, and
 * their results must be kept.
 */
export async function writeOrFail(
  patches: readonly ScorePatch[],
  write: () => Promise<readonly WriteResult[]>,
): Promise<readonly WriteResult[]> {
  try {
    return await write();
  } catch (error) {
    return failedResults(patches, error);
  }
}
