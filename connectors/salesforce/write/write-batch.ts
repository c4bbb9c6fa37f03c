// Writes one batch of records of one object. A batch that is too large for a flow or trigger of the
// org is halved, down to single records. A call that fails as a whole is thrown: the job halves the
// batch.
import type { ScorePatch, WriteResult } from '../../../src/crm/connector.ts';
import { type Attempt, inHalves } from '../../../src/domain/lists/in-halves.ts';
import { rowsOverLimit } from './automation-errors.ts';
import type { WriterParts } from './batch-sizes.ts';
import { type RefusedRow, resultsOfRefusedRows } from './refused-rows.ts';
import { type CollectionForm, writeCollection } from './write-collection.ts';
import { failedResults } from './write-or-fail.ts';

/**
 * One result per patch.
 * @throws ConnectorError if the first call fails as a whole
 */
export async function writeBatch(
  parts: WriterParts,
  form: CollectionForm,
  patches: readonly ScorePatch[],
  signal: AbortSignal,
): Promise<readonly WriteResult[]> {
  /** The last error of each record that may be written in a smaller call. */
  const errors = new Map<ScorePatch, RefusedRow>();
  const attempt = async (part: readonly ScorePatch[]): Promise<Attempt<ScorePatch, WriteResult>> => {
    const { written, refused } = await writeCollection(parts, form, part, signal);
    const overLimit = new Map(rowsOverLimit(refused).map((row) => [row.ref.id, row]));
    const suspects = part.flatMap((patch) => {
      const row = overLimit.get(patch.ref.id);
      if (row === undefined) return [];
      errors.set(patch, row);
      return [patch];
    });
    const final = refused.filter(({ ref }) => !overLimit.has(ref.id));
    const results = written.map((ref): WriteResult => ({ kind: 'written', ref, modifiedAt: null }));
    return { results: [...results, ...(await resultsOfRefusedRows(parts, final, signal))], suspects };
  };
  const { results, suspects } = await attempt(patches);
  if (suspects.length === 0) return results;
  const halved =
    patches.length === 1
      ? { results: [], failed: suspects, unresolved: [], largest: 0 }
      : await inHalves(suspects, patches.length, (part) => attempt(part).catch(toAttempt(part)));
  if (halved.largest > 0) parts.sizes.remember(form.object, halved.largest);
  const rows = [...halved.failed, ...halved.unresolved].flatMap((patch) => errors.get(patch) ?? []);
  return [...results, ...halved.results, ...(await resultsOfRefusedRows(parts, rows, signal))];
}

/** Records of a failed call are written again later; the results of the others are kept. */
function toAttempt(part: readonly ScorePatch[]) {
  return (error: unknown): Attempt<ScorePatch, WriteResult> => ({ results: failedResults(part, error), suspects: [] });
}
