// Many results of one object as one job of the CRM. The job's id and its rows are kept before they are handed over, so that a
// process that was killed at any point goes on: a job that was never handed over is given up and its rows are written anew,
// one that was is waited for. Nobody waits in a job of ours: the CRM is looked at, and rung for again later.
import type { BulkWrites, CrmConnector } from '../../src/crm/connector.ts';
import { ConnectorError } from '../../src/crm/connector-error.ts';
import {
  activeBulkWrites,
  type BulkWrite,
  deleteBulkRows,
  deleteBulkWrite,
  pageOfBulkRows,
  saveBulkWrite,
  scheduleBulkCheck,
} from '../../src/store/outbox/bulk-writes.ts';
import type { OutboxRow } from '../../src/store/outbox/outbox.ts';
import { refKey } from '../../src/store/records/save-snapshots.ts';
import { addToRunCounters } from '../../src/store/sync/runs.ts';
import type { JobContext } from '../context.ts';
import { saveWriteResults } from './save-write-results.ts';

const FIRST_LOOK_MS = 2_000;
const LONGEST_WAIT_MS = 60_000;
const ROWS_READ = 5_000;
/** Kept in one transaction: the embedded database has one session for all. */
const ROWS_KEPT = 1_000;

/** Looks at the jobs under way, where it is time to, and keeps the outcomes of those that are done. */
export async function resumeBulkWrites(context: JobContext, connector: CrmConnector): Promise<void> {
  const { bulkWrites } = connector;
  if (bulkWrites === undefined) return;
  for (const write of await activeBulkWrites(context.db, connector.id)) {
    const left = write.next_check_at.getTime() - context.clock.now().getTime();
    if (left > 0) await context.enqueue('write-scores', { crm: connector.id }, { delayMs: left });
    else await goOn(context, { crm: connector.id, bulkWrites }, write);
  }
}

interface Bulk {
  readonly crm: string;
  readonly bulkWrites: BulkWrites;
}

async function goOn(context: JobContext, bulk: Bulk, write: BulkWrite): Promise<void> {
  const { db, clock, signal } = context;
  const { crm, bulkWrites } = bulk;
  const { object, crm_job_id: job } = write;
  const state = await bulkWrites.status(job, signal);
  if (state.kind === 'under-way') {
    const now = clock.now().getTime();
    // The longer it takes, the more seldom it is asked for.
    const age = now - write.opened_at.getTime();
    const wait = Math.min(Math.max(age / 2, FIRST_LOOK_MS), LONGEST_WAIT_MS);
    await scheduleBulkCheck(db, { crm, object }, new Date(now + wait));
    return context.enqueue('write-scores', { crm }, { delayMs: wait });
  }
  if (state.kind === 'done') return keepResults(context, bulk, write);
  if (state.kind === 'open') await bulkWrites.abort(job, signal);
  await deleteBulkWrite(db, { crm, object });
  if (state.kind === 'failed') throw state.error;
}

/**
 * Hands what the outbox has of an object to a job of the CRM.
 * @returns false when the CRM takes no such job from us: it is written by batches
 * @throws ConnectorError for trouble on the way; the next look finds out what came of it
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
    if (!(error instanceof ConnectorError) || (error.kind !== 'forbidden' && error.kind !== 'invalid')) throw error;
    log.warn({ crm, object, code: error.code }, `${crm}: no bulk write, so by batches: ${error.message}`);
    return false;
  }
  const now = clock.now();
  const nextCheckAt = new Date(now.getTime() + FIRST_LOOK_MS);
  const taken = await saveBulkWrite(db, { crm, object, job, most: maxRows, mostBytes: maxBytes, now, nextCheckAt });
  if (taken === 0) {
    await bulkWrites.abort(job, signal);
    return true;
  }
  const rows = await bulkRows(context, crm, object);
  const patches = rows.map(({ id, patch }) => ({ ref: { object, id }, values: patch }));
  await bulkWrites.send(job, patches, signal);
  await context.enqueue('write-scores', { crm }, { delayMs: FIRST_LOOK_MS });
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

/** Chunk by chunk: a process that is killed in between goes on with the others. */
async function keepResults(context: JobContext, { crm, bulkWrites }: Bulk, write: BulkWrite): Promise<void> {
  const { db, signal } = context;
  const { object, crm_job_id: job } = write;
  const refs = (await bulkRows(context, crm, object)).map(({ id }) => ({ object, id }));
  const outcomes = await orForgotten(context, crm, object, () => bulkWrites.results(job, refs, signal));
  const byRef = new Map(outcomes.map((outcome) => [refKey(outcome.ref), outcome]));
  for (;;) {
    const rows = await pageOfBulkRows(db, { crm, object, after: '', limit: ROWS_KEPT });
    if (rows.length === 0) break;
    const own = rows.flatMap((row) => byRef.get(refKey(row)) ?? []);
    await saveWriteResults(context, crm, rows, own, (tx) => deleteBulkRows(tx, crm, rows));
  }
  await addToRunCounters(db, { batches: 1 });
  await deleteBulkWrite(db, { crm, object });
}

/** What must be set up first is found by every look again: its rows go back, to be written when it is. */
async function orForgotten<T>(context: JobContext, crm: string, object: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ConnectorError && error.kind === 'configuration') {
      await deleteBulkWrite(context.db, { crm, object });
    }
    throw error;
  }
}
