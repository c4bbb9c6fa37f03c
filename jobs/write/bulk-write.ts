// Writes many results of one object as one bulk job of the CRM. The ID of the bulk job and its rows
// are saved before they are submitted, so a process can be killed at any point: a bulk job that was
// not submitted is aborted and its rows are written again; a submitted one is checked until it
// ends. No job waits for the CRM: each check enqueues the next one.
import type { BulkWrites, CrmConnector } from '../../src/crm/connector.ts';
import { ConnectorError } from '../../src/crm/connector-error.ts';
import {
  activeBulkWrites,
  type BulkWrite,
  deleteBulkRows,
  deleteBulkWrite,
  pageOfBulkRows,
  preferBatches,
  saveBulkWrite,
  scheduleBulkCheck,
} from '../../src/store/outbox/bulk-writes.ts';
import type { OutboxRow } from '../../src/store/outbox/outbox.ts';
import { refKey } from '../../src/store/records/ref-key.ts';
import { setAsideOf } from '../../src/store/set-aside/list-set-aside.ts';
import { addToRunCounters } from '../../src/store/sync/runs.ts';
import type { JobContext } from '../context.ts';
import { type PartFailure, toPartFailure } from '../failures/classify.ts';
import { partFailureOrThrow } from '../failures/reachable.ts';
import { setAside, setAsideRecovered } from '../failures/set-aside.ts';
import { mayWrite } from '../guard/may-write.ts';
import { saveWriteResults } from './save-write-results.ts';

const FIRST_CHECK_MS = 2_000;
const MAX_CHECK_MS = 60_000;
const ROWS_READ = 5_000;
/** Per transaction: the embedded database has one session for all connections. */
const ROWS_SAVED = 1_000;

/**
 * Checks the running bulk writes that are due for a check, and saves the results of finished ones.
 */
export async function resumeBulkWrites(context: JobContext, connector: CrmConnector): Promise<void> {
  const { bulkWrites } = connector;
  if (bulkWrites === undefined) return;
  for (const write of await activeBulkWrites(context.db, connector.id)) {
    const waitMs = write.next_check_at.getTime() - context.clock.now().getTime();
    if (waitMs > 0) await context.enqueue('write-scores', { crm: connector.id }, { delayMs: waitMs });
    else await checkOrSetAside(context, connector, { crm: connector.id, bulkWrites }, write);
  }
}

/** A bulk job that cannot be checked for so long is given up: its rows are written in batches. */
const GIVE_UP_MS = 3_600_000;

/** A bulk job that fails stops no other object. */
async function checkOrSetAside(
  context: JobContext,
  connector: CrmConnector,
  bulk: Bulk,
  write: BulkWrite,
): Promise<void> {
  const { db, clock } = context;
  const { crm } = bulk;
  const { object } = write;
  const thing = { stream: object, kind: 'bulk-write' } as const;
  try {
    await checkBulkWrite(context, bulk, write);
    await setAsideRecovered(context, crm, [thing]);
  } catch (error) {
    const failure = await partFailureOrThrow(context, connector, error);
    const [earlier] = await setAsideOf(db, { crm, stream: object, kind: 'bulk-write' });
    const since = earlier?.since ?? clock.now();
    if (failure.isTemporary && clock.now().getTime() - since.getTime() < GIVE_UP_MS) {
      await setAside(context, crm, [thing], failure);
      await scheduleBulkCheck(db, { crm, object }, new Date(clock.now().getTime() + MAX_CHECK_MS));
      return context.enqueue('write-scores', { crm }, { delayMs: MAX_CHECK_MS });
    }
    await giveUp(context, { crm, object }, failure);
    await setAsideRecovered(context, crm, [thing]);
  }
}

/** The CRM does not know the job any more, or it was aborted: another job could end in the same way. */
const ABANDONED = { failure: { code: 'BULK_ABANDONED' } };

async function giveUp(
  { db, log }: JobContext,
  key: { readonly crm: string; readonly object: string },
  { failure }: { readonly failure: Pick<PartFailure['failure'], 'code'> },
): Promise<void> {
  const details = { ...key, code: failure.code };
  log.warn(details, `${key.crm}: the bulk write of ${key.object} failed (${failure.code}); writing in batches`);
  await preferBatches(db, key);
  await deleteBulkWrite(db, key);
}

interface Bulk {
  readonly crm: string;
  readonly bulkWrites: BulkWrites;
}

async function checkBulkWrite(context: JobContext, bulk: Bulk, write: BulkWrite): Promise<void> {
  const { db, clock, signal } = context;
  const { crm, bulkWrites } = bulk;
  const { object, crm_job_id: job } = write;
  const state = await bulkWrites.status(job, signal);
  if (state.kind === 'running') {
    const now = clock.now().getTime();
    // The longer it runs, the longer the interval between checks.
    const ageMs = now - write.opened_at.getTime();
    const delayMs = Math.min(Math.max(ageMs / 2, FIRST_CHECK_MS), MAX_CHECK_MS);
    await scheduleBulkCheck(db, { crm, object }, new Date(now + delayMs));
    return context.enqueue('write-scores', { crm }, { delayMs });
  }
  if (state.kind === 'done') return saveBulkResults(context, bulk, write);
  if (state.kind === 'open') await bulkWrites.abort(job, signal);
  if (state.kind === 'abandoned') return giveUp(context, { crm, object }, ABANDONED);
  if (state.kind !== 'failed') return deleteBulkWrite(db, { crm, object });
  const failure = toPartFailure(state.error);
  if (failure !== null) return giveUp(context, { crm, object }, failure);
  await deleteBulkWrite(db, { crm, object });
  throw state.error;
}

/**
 * Submits the outbox rows of an object as a bulk job. The guard is asked as late as before a claim of a batch: the call
 * that opens the job takes time, in which a hold can begin.
 * @returns false when the CRM refuses bulk jobs from us: the rows are then written in batches
 * @throws ConnectorError when writing must pause; the next check finds the state of the bulk job
 */
export async function startBulkWrite(context: JobContext, connector: CrmConnector, object: string): Promise<boolean> {
  const { db, clock, signal, log } = context;
  const { id: crm, bulkWrites } = connector;
  if (bulkWrites === undefined) return false;
  const { maxRows, maxBytes } = bulkWrites;
  let job: string;
  try {
    job = await bulkWrites.open(object, signal);
  } catch (error) {
    const failure = await partFailureOrThrow(context, connector, error);
    const { code } = failure.failure;
    log.warn({ crm, object, code }, `${crm}: no bulk write of ${object} (${code}); writing in batches`);
    return false;
  }
  if ((await mayWrite(context)) !== 'all') {
    await bulkWrites.abort(job, signal);
    return true;
  }
  const now = clock.now();
  const nextCheckAt = new Date(now.getTime() + FIRST_CHECK_MS);
  const rowCount = await saveBulkWrite(db, { crm, object, crmJobId: job, maxRows, maxBytes, now, nextCheckAt });
  if (rowCount === 0) {
    await bulkWrites.abort(job, signal);
    return true;
  }
  const rows = await bulkRows(context, crm, object);
  const patches = rows.map(({ id, patch }) => ({ ref: { object, id }, values: patch }));
  try {
    await bulkWrites.send(job, patches, signal);
  } catch (error) {
    await partFailureOrThrow(context, connector, error);
    // The next check finds out whether the job has started.
    await preferBatches(db, { crm, object });
  }
  await context.enqueue('write-scores', { crm }, { delayMs: FIRST_CHECK_MS });
  return true;
}

async function bulkRows({ db }: JobContext, crm: string, object: string): Promise<readonly OutboxRow[]> {
  const rows: OutboxRow[] = [];
  for (;;) {
    const page = await pageOfBulkRows(db, { crm, object, after: rows.at(-1)?.id ?? '', limit: ROWS_READ });
    rows.push(...page);
    if (page.length < ROWS_READ) return rows;
  }
}

/** Chunk by chunk: a process that is killed in between continues with the other rows. */
async function saveBulkResults(context: JobContext, { crm, bulkWrites }: Bulk, write: BulkWrite): Promise<void> {
  const { db, signal } = context;
  const { object, crm_job_id: job } = write;
  const refs = (await bulkRows(context, crm, object)).map(({ id }) => ({ object, id }));
  const results = await deleteOnConfigurationError(context, { crm, object }, () =>
    bulkWrites.results(job, refs, signal),
  );
  const byRef = new Map(results.map((result) => [refKey(result.ref), result]));
  for (;;) {
    const rows = await pageOfBulkRows(db, { crm, object, after: '', limit: ROWS_SAVED });
    if (rows.length === 0) break;
    const ownResults = rows.flatMap((row) => byRef.get(refKey(row)) ?? []);
    await saveWriteResults(context, crm, rows, ownResults, (tx) => deleteBulkRows(tx, crm, rows));
  }
  await addToRunCounters(db, { batches: 1 });
  await deleteBulkWrite(db, { crm, object });
}

/**
 * Every check would meet the same missing setup. The rows return to the outbox and are written
 * after it is fixed.
 */
async function deleteOnConfigurationError<T>(
  context: JobContext,
  key: { readonly crm: string; readonly object: string },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ConnectorError && error.kind === 'configuration') {
      await deleteBulkWrite(context.db, key);
    }
    throw error;
  }
}
