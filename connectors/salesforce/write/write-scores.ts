// Writes scores through sObject Collections, one object after the other. Results of written records
// are never lost to an error that occurs later in the same batch.
import type { ScorePatch, WriteResult } from '../../../src/crm/connector.ts';
import type { SalesforceParts } from '../parts.ts';
import { isVisible } from '../query/visibility.ts';
import { createBatchSizes, type WriterParts } from './batch-sizes.ts';
import { refreshStaleDescription } from './own-fields.ts';
import { accountsOfPeople, throughAccounts, unwritableFields, unwritableResults } from './person-accounts.ts';
import { writeBatch } from './write-batch.ts';
import { type CollectionForm, ownRecords } from './write-collection.ts';
import { writeOrFail } from './write-or-fail.ts';

/** Salesforce's maximum for one call. */
export const WRITE_BATCH = 200;
/** One call at Salesforce, and the next one ready: calls for one object run one after the other. */
export const WRITES_AT_ONCE = 2;
/** The length of our explanation field, and the maximum length of a cell in the Bulk API. */
export const MAX_TEXT_LENGTH = 32_000;

export type WriteScores = (patches: readonly ScorePatch[], signal: AbortSignal) => Promise<readonly WriteResult[]>;

/**
 * Returns one result per patch; accepts at most `WRITE_BATCH` patches. Repeating a write is
 * idempotent, so a time-out is retried. Calls for one object run one after the other: concurrent
 * calls would wait for each other's row locks.
 */
export function createScoreWriter(parts: SalesforceParts): WriteScores {
  const runInTurn = createSerializer();
  const sizes = createBatchSizes(parts.clock, WRITE_BATCH);
  return async (patches, signal) => {
    if (patches.length > WRITE_BATCH) throw new RangeError(`expected at most ${WRITE_BATCH} patches`);
    const results: WriteResult[] = [];
    for (const [object, group] of Map.groupBy(patches, ({ ref }) => ref.object)) {
      const write = () => writeObject({ ...parts, sizes }, object, group, signal);
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
  parts: WriterParts,
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
  const ids = object === 'Contact' ? sorted.map(({ ref }) => ref.id) : [];
  const accounts = await accountsOfPeople(parts, ids, signal);
  const own = sorted.filter(({ ref }) => !accounts.has(ref.id));
  const results = await writeBatches(parts, ownRecords(object), own, signal);
  const people = sorted.filter(({ ref }) => accounts.has(ref.id));
  if (people.length === 0) return results;
  const write = () => writePersonAccounts(parts, accounts, people, signal);
  return [...results, ...(own.length === 0 ? await write() : await writeOrFail(people, write))];
}

async function writePersonAccounts(
  parts: WriterParts,
  accounts: ReadonlyMap<string, string>,
  patches: readonly ScorePatch[],
  signal: AbortSignal,
): Promise<readonly WriteResult[]> {
  const unwritable = await unwritableFields(parts, signal);
  if (unwritable.length > 0) return unwritableResults(patches, unwritable);
  return await writeBatches(parts, throughAccounts(accounts), patches, signal);
}

async function writeBatches(
  parts: WriterParts,
  form: CollectionForm,
  patches: readonly ScorePatch[],
  signal: AbortSignal,
): Promise<readonly WriteResult[]> {
  let rest = patches;
  const results: WriteResult[] = [];
  while (rest.length > 0) {
    // Read in each round: the batch before may have found a smaller size.
    const size = parts.sizes.current(form.object);
    const batch = rest.slice(0, size);
    rest = rest.slice(size);
    const write = () => writeBatch(parts, form, batch, signal);
    results.push(...(results.length === 0 ? await write() : await writeOrFail(batch, write)));
  }
  return results;
}
