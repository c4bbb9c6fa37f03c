// Writes scores through sObject Collections, one object after the other. Results of written records
// are never lost to an error that occurs later in the same batch.
import type { ScorePatch, WriteResult } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { chunksOf } from '../../../src/domain/chunks.ts';
import type { SalesforceParts } from '../parts.ts';
import { isVisible } from '../query/visibility.ts';
import { refreshStaleDescription } from './own-fields.ts';
import { type RefusedRow, resultsOfRefusedRows } from './refused-rows.ts';
import { writeCollection } from './write-collection.ts';

/** Salesforce's maximum for one call. */
export const WRITE_BATCH = 200;
/** The length of our explanation field, and the maximum length of a cell in the Bulk API. */
export const MAX_TEXT_LENGTH = 32_000;

/**
 * The records of one call share the limits of the org's triggers. A sound trigger handles this many
 * records.
 */
const MIN_FOR_TRIGGERS = 50;

export type WriteScores = (patches: readonly ScorePatch[], signal: AbortSignal) => Promise<readonly WriteResult[]>;

/**
 * Returns one result per patch; accepts at most `WRITE_BATCH` patches. Repeating a write is
 * idempotent, so a time-out is retried. Calls for one object run one after the other: concurrent
 * calls would wait for each other's row locks.
 */
export function createScoreWriter(parts: SalesforceParts): WriteScores {
  const runInTurn = createSerializer();
  return async (patches, signal) => {
    if (patches.length > WRITE_BATCH) throw new RangeError(`expected at most ${WRITE_BATCH} patches`);
    const results: WriteResult[] = [];
    for (const [object, group] of Map.groupBy(patches, ({ ref }) => ref.object)) {
      const write = () => writeObject(parts, object, group, signal);
      const isFirst = results.length === 0;
      results.push(...(await runInTurn(object, isFirst ? write : () => writeOrFail(group, write))));
    }
    return results;
  };
}

type Serializer = <T>(key: string, work: () => Promise<T>) => Promise<T>;

/** Runs works of the same key one after the other. */
function createSerializer(): Serializer {
  const last = new Map<string, Promise<unknown>>();
  return (key, work) => {
    const current = (last.get(key) ?? Promise.resolve()).then(work);
    last.set(
      key,
      current.catch(() => undefined),
    );
    return current;
  };
}

async function writeObject(
  parts: SalesforceParts,
  object: string,
  patches: readonly ScorePatch[],
  signal: AbortSignal,
): Promise<readonly WriteResult[]> {
  await refreshStaleDescription(parts, object, signal);
  // As for reads: an org may have no Leads or no Contacts by now.
  if (!(await isVisible(parts, object, signal))) return patches.map(({ ref }) => ({ kind: 'gone', ref }));
  // Sorted by ID, so that two concurrent writers lock the same records in the same order.
  const unique = new Map(patches.map((patch) => [patch.ref.id, patch]));
  const sorted = [...unique.values()].toSorted((a, b) => (a.ref.id < b.ref.id ? -1 : 1));
  const { written, refused } = await writeCollection(parts, object, sorted, signal);
  const overLimit = new Set(refused.filter(isTriggerLimit).map(({ ref }) => ref.id));
  const withinLimit = refused.filter(({ ref }) => !overLimit.has(ref.id));
  const canSplit = sorted.length > MIN_FOR_TRIGGERS;
  const results: WriteResult[] = [
    ...written.map((ref): WriteResult => ({ kind: 'written', ref, modifiedAt: null })),
    ...(await resultsOfRefusedRows(parts, canSplit ? withinLimit : refused, signal)),
  ];
  if (overLimit.size === 0 || !canSplit) return results;
  const remaining = sorted.filter(({ ref }) => overLimit.has(ref.id));
  const size = Math.max(MIN_FOR_TRIGGERS, Math.ceil(sorted.length / 2));
  for (const half of chunksOf(remaining, size)) {
    results.push(...(await writeOrFail(half, () => writeObject(parts, object, half, signal))));
  }
  return results;
}

function isTriggerLimit({ errors }: RefusedRow): boolean {
  return errors.some(({ message }) => /\bLimitException\b|Apex CPU time limit exceeded/i.test(message));
}

/** Errors after which a later call may succeed. */
const RETRYABLE: ReadonlySet<string> = new Set(['retry', 'rate-limited', 'budget-spent']);

/**
 * Turns a retryable error into failed results: other records of the batch are written already, and
 * their results must be kept.
 */
async function writeOrFail(
  patches: readonly ScorePatch[],
  write: () => Promise<readonly WriteResult[]>,
): Promise<readonly WriteResult[]> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof ConnectorError) || !RETRYABLE.has(error.kind)) throw error;
    return patches.map(({ ref }) => ({ kind: 'failed', ref, error }));
  }
}
