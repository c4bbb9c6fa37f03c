// Writes one batch of records of one object. A batch that fails because of one of its records, or
// because it is too large for a flow or trigger of the org, is halved, down to single records.
import { z } from 'zod';
import type { ScorePatch, WriteResult } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { type Attempt, inHalves } from '../../kit/in-halves.ts';
import { mayBeSmaller } from '../http/error-scope.ts';
import type { SalesforceParts } from '../parts.ts';
import { rowsOverLimit } from './automation-errors.ts';
import type { WriterParts } from './batch-sizes.ts';
import { brokenRecordError, isOfValues } from './broken-record.ts';
import { type RefusedRow, resultsOfRefusedRows } from './refused-rows.ts';
import { type CollectionForm, writeCollection } from './write-collection.ts';

/** Retries of a call for a part of a batch that failed before. */
const PART_RETRIES = 1;
/** A batch that is too small to tell an org that is broken from records that are. */
const SMALL_BATCH = 4;

type Suspect = RefusedRow | ConnectorError;

/**
 * One result per patch.
 * @throws ConnectorError if the call fails for every record, or not because of a record
 */
export async function writeBatch(
  parts: WriterParts,
  form: CollectionForm,
  patches: readonly ScorePatch[],
  signal: AbortSignal,
): Promise<readonly WriteResult[]> {
  const errors = new Map<ScorePatch, Suspect>();
  const attempt = (part: readonly ScorePatch[], retries?: number) =>
    writePart(parts, form, { part, errors, ...(retries === undefined ? {} : { retries }) }, signal);
  const { results, suspects } = await attempt(patches);
  if (suspects.length === 0) return results;
  const halved =
    patches.length === 1
      ? { results: [], failed: [], unresolved: suspects, largest: 0 }
      : await inHalves(suspects, patches.length, (part) => attempt(part, PART_RETRIES));
  const isLimit = [...errors.values()].every((error) => !(error instanceof ConnectorError));
  if (isLimit && halved.largest > 0) parts.sizes.remember(form.object, halved.largest);
  await throwIfAllFail(parts, halved.unresolved, errors, signal);
  const failed = [...halved.failed, ...halved.unresolved];
  return [...results, ...halved.results, ...(await resultsOfSuspects(parts, failed, errors, signal))];
}

interface Part {
  readonly part: readonly ScorePatch[];
  /** Receives the error of each suspect. */
  readonly errors: Map<ScorePatch, Suspect>;
  readonly retries?: number;
}

async function writePart(
  parts: SalesforceParts,
  form: CollectionForm,
  { part, errors, retries }: Part,
  signal: AbortSignal,
): Promise<Attempt<ScorePatch, WriteResult>> {
  try {
    const { written, refused } = await writeCollection(parts, form, { patches: part, retries }, signal);
    const overLimit = new Map(rowsOverLimit(refused).map((row) => [row.ref.id, row]));
    const suspects = part.filter(({ ref }) => overLimit.has(ref.id));
    for (const patch of suspects) {
      const row = overLimit.get(patch.ref.id);
      if (row !== undefined) errors.set(patch, row);
    }
    const final = refused.filter(({ ref }) => !overLimit.has(ref.id));
    return {
      results: [
        ...written.map((ref): WriteResult => ({ kind: 'written', ref, modifiedAt: null })),
        ...(await resultsOfRefusedRows(parts, final, signal)),
      ],
      suspects,
    };
  } catch (error) {
    if (!mayBeSmaller(error) && !isOfValues(error)) throw error;
    for (const patch of part) errors.set(patch, error);
    return { results: [], suspects: part };
  }
}

/**
 * A call that fails for every record of a larger batch is no failure of a record. For a few records
 * another call decides: if it fails as well, Salesforce is down.
 */
async function throwIfAllFail(
  { http }: SalesforceParts,
  unresolved: readonly ScorePatch[],
  errors: ReadonlyMap<ScorePatch, Suspect>,
  signal: AbortSignal,
): Promise<void> {
  const [first] = unresolved.flatMap((patch) => {
    const error = errors.get(patch);
    return error instanceof ConnectorError ? [error] : [];
  });
  if (first === undefined) return;
  if (unresolved.length > SMALL_BATCH || first.kind === 'configuration') throw first;
  const what = 'checking whether Salesforce answers';
  await http.call({ what, path: '/limits', retries: 0, responseSchema: z.unknown() }, signal);
}

async function resultsOfSuspects(
  parts: SalesforceParts,
  failed: readonly ScorePatch[],
  errors: ReadonlyMap<ScorePatch, Suspect>,
  signal: AbortSignal,
): Promise<readonly WriteResult[]> {
  const rows: RefusedRow[] = [];
  const broken: WriteResult[] = [];
  for (const patch of failed) {
    const error = errors.get(patch);
    if (error instanceof ConnectorError)
      broken.push({ kind: 'failed', ref: patch.ref, error: brokenRecordError(error) });
    else if (error !== undefined) rows.push(error);
  }
  return [...broken, ...(await resultsOfRefusedRows(parts, rows, signal))];
}
