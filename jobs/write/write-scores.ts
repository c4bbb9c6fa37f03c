// Writes results from the outbox to a CRM: in full batches of one object each, or as one bulk write
// if there are many. A partial batch is sent only if nothing else is pending, if it contains a
// record with a new activity, or if one of its results has waited for 30 s. Records with a new
// activity always go in batches: a bulk write can take any time.
import pMap from 'p-map';
import { ConnectorError } from '../../src/crm/connector-error.ts';
import {
  analyzeBacklog,
  countWritable,
  type OutboxRow,
  releaseOutbox,
  type Writable,
} from '../../src/store/outbox/outbox.ts';
import { addToRunCounters } from '../../src/store/sync/runs.ts';
import type { JobContext, MappedCrm } from '../context.ts';
import { runUnlessPaused } from '../failure-policy.ts';
import { type PartFailure, toPartFailure } from '../failures/classify.ts';
import { divideBatch } from '../failures/divide-batch.ts';
import { setAside, setAsideRecovered } from '../failures/set-aside.ts';
import { isNightUndecided, type MayWrite, mayWrite } from '../guard/may-write.ts';
import { areBandsFinal } from '../score/thresholds/moving-bands.ts';
import { resumeBulkWrites, startBulkWrite } from './bulk-write.ts';
import { claimBatches, type OutboxPart, type WriteProgress } from './claim-batches.ts';
import { closeFinishedRuns } from './finish-runs.ts';
import { LISTED_AFTER, saveWriteResults } from './save-write-results.ts';

/** From so many rows on, a wrong plan of a claim takes long. */
const BACKLOG_ROWS = 1_000;

export async function writeScores(context: JobContext, { crm }: { crm: string }): Promise<void> {
  await runUnlessPaused(context, { crm, direction: 'write' }, 'write-scores', async (mapped) => {
    await resumeBulkWrites(context, mapped.connector);
    if (!(await areBandsFinal(context))) return;
    const may = await allowed(context);
    if (may !== 'nothing') await writeAll(context, mapped, may);
  });
  await closeFinishedRuns(context);
}

/** Until the share of moved leads is known, only records with a new activity are written. */
async function allowed(context: JobContext): Promise<MayWrite> {
  const may = await mayWrite(context);
  return may === 'all' && (await isNightUndecided(context)) ? 'urgent' : may;
}

async function writeAll(context: JobContext, mapped: MappedCrm, may: MayWrite): Promise<void> {
  const crm = mapped.connector.id;
  const written: string[] = [];
  const failed: { readonly object: string; readonly failure: PartFailure }[] = [];
  for (const writable of await listWritable(context, mapped)) {
    const { object } = writable;
    if (context.signal.aborted) return;
    try {
      await writeOneObject(context, mapped, writable, may);
      written.push(object);
    } catch (error) {
      const failure = context.signal.aborted ? null : toObjectFailure(error);
      if (failure === null) throw error;
      failed.push({ object, failure });
    }
  }
  const [first] = failed;
  // Nothing can be written: writing pauses.
  if (first !== undefined && written.length === 0) throw first.failure.error;
  for (const { object, failure } of failed) await setAside(context, crm, [{ stream: object, kind: 'write' }], failure);
  await setAsideRecovered(
    context,
    crm,
    written.map((object) => ({ stream: object, kind: 'write' })),
  );
}

async function listWritable({ db, clock }: JobContext, { connector }: MappedCrm): Promise<readonly Writable[]> {
  const countUpTo = Math.max(BACKLOG_ROWS, connector.bulkWrites?.minRows ?? 0);
  const writables = await countWritable(db, connector.id, clock.now(), countUpTo);
  if (writables.some(({ bulkEligible }) => bulkEligible >= BACKLOG_ROWS)) await analyzeBacklog(db);
  return writables;
}

/** Missing fields of ours concern one object, too. */
function toObjectFailure(error: unknown): PartFailure | null {
  if (!(error instanceof ConnectorError) || error.kind !== 'configuration') return toPartFailure(error);
  const { message, code = error.kind, fix = null } = error;
  return { failure: { code, message, fix }, isTemporary: false, error };
}

async function writeOneObject(
  context: JobContext,
  mapped: MappedCrm,
  { object, bulkEligible, hasBulkWrite }: Writable,
  may: MayWrite,
): Promise<void> {
  if (may === 'urgent') return writeObject(context, mapped, { object, urgentOnly: true });
  const { connector } = mapped;
  const isMany = bulkEligible >= (connector.bulkWrites?.minRows ?? Infinity);
  if (isMany) {
    await writeObject(context, mapped, { object, urgentOnly: true });
    // The batches before took time. No bulk job is opened in vain.
    if ((await mayWrite(context)) !== 'all') return;
  }
  // While a bulk write is running, the rest waits for the next one.
  const isInBulk = isMany && (hasBulkWrite || (await startBulkWrite(context, connector, object)));
  if (!isInBulk) await writeObject(context, mapped, { object });
}

/** @throws the first failure, after the last batch has ended */
async function writeObject(context: JobContext, mapped: MappedCrm, part: OutboxPart): Promise<void> {
  const { writesAtOnce } = mapped.connector.batch;
  const progress: WriteProgress = { inFlight: new Set(), failures: [] };
  const write = async (rows: readonly OutboxRow[]) => {
    try {
      await writeBatch(context, mapped, rows);
    } catch (error) {
      progress.failures.push(error);
    } finally {
      for (const { id } of rows) progress.inFlight.delete(id);
    }
  };
  await pMap(claimBatches(context, mapped, part, progress), write, { concurrency: writesAtOnce });
  const { failures } = progress;
  if (failures.length > 0) throw failures[0];
}

/**
 * A batch that fails is halved down to the record, which is listed. A temporary failure may end by
 * itself: the batch is halved only if it has failed repeatedly.
 */
async function writeBatch(context: JobContext, { connector }: MappedCrm, rows: readonly OutboxRow[]): Promise<void> {
  const { db, clock, signal } = context;
  const crm = connector.id;
  const isRepeated = rows.every(({ attempts }) => attempts >= LISTED_AFTER);
  try {
    const { failed, whole } = await divideBatch(rows, {
      connector,
      work: async (part, limit) => {
        const patches = part.map(({ object, id, patch }) => ({ ref: { object, id }, values: patch }));
        const results = await connector.writeScores(patches, limit);
        await saveWriteResults(context, crm, part, results, (tx) => addToRunCounters(tx, { batches: 1 }));
      },
      controls: [],
      isDivisible: ({ isTemporary }) => isRepeated || !isTemporary,
      signal,
    });
    if (whole !== null) throw whole.error;
    const results = failed.map(({ item: { object, id }, failure }) => {
      return { kind: 'failed' as const, ref: { object, id }, error: toConnectorError(crm, failure) };
    });
    const items = failed.map(({ item }) => item);
    if (items.length > 0) await saveWriteResults(context, crm, items, results, async () => {});
  } catch (error) {
    // It is unknown which patches were applied. All are written again; a repeated write changes
    // nothing.
    const isFailedAttempt = toPartFailure(error)?.isTemporary === true;
    await releaseOutbox(db, crm, rows, isFailedAttempt ? clock.now() : null);
    throw error;
  }
}

function toConnectorError(crm: string, { error, failure, isTemporary }: PartFailure): ConnectorError {
  if (error instanceof ConnectorError) return error;
  const { code, message, fix } = failure;
  const kind = isTemporary ? 'retry' : 'invalid';
  return new ConnectorError({ kind, crm, message, code, ...(fix === null ? {} : { fix }) });
}
