// The batches of the outbox, in the order in which they are written. The next rows are claimed while
// the batches before them are on their way.
import { chunksOf } from '../../src/domain/lists/chunks.ts';
import { PRIORITY } from '../../src/domain/priority.ts';
import { type ClaimedRow, claimOutbox, type OutboxRow, releaseOutbox } from '../../src/store/outbox/outbox.ts';
import { isUpstreamBusy } from '../../src/store/sync/pending-work.ts';
import type { JobContext, MappedCrm } from '../context.ts';
import { mayWrite } from '../guard/may-write.ts';

const CLAIM_MS = 120_000;
const MAX_WAIT_MS = 30_000;
/** One statement claims so many batches. */
const BATCHES_PER_CLAIM = 4;

export interface OutboxPart {
  readonly object: string;
  /** Only records with a new activity. */
  readonly urgentOnly?: boolean;
}

export interface WriteProgress {
  /** IDs of the records whose batches have not ended: they are not claimed once more. */
  readonly inFlight: Set<string>;
  /** After the first failure no more rows are claimed. */
  readonly failures: unknown[];
}

/**
 * Full batches of one object; a partial one at the end, if it may be sent. Adds their records to
 * `inFlight`. None while the guard holds all writes. An error of the claim ends the batches and is added to `failures`, so that those on
 * their way are finished first.
 */
export async function* claimBatches(
  context: JobContext,
  mapped: MappedCrm,
  part: OutboxPart,
  { inFlight, failures }: WriteProgress,
): AsyncGenerator<readonly OutboxRow[]> {
  const limit = mapped.connector.batch.write * BATCHES_PER_CLAIM;
  try {
    while (failures.length === 0 && !context.signal.aborted) {
      const may = await mayWrite(context);
      if (may === 'nothing' || (may === 'urgent' && part.urgentOnly !== true)) return;
      const { claimed, batches } = await claimNext(context, mapped, { ...part, limit, inFlight: [...inFlight] });
      for (const { id } of batches.flat()) inFlight.add(id);
      yield* batches;
      if (claimed < limit) return;
    }
  } catch (error) {
    failures.push(error);
  }
}

async function claimNext(
  context: JobContext,
  { connector: { id: crm, batch } }: MappedCrm,
  part: OutboxPart & { readonly limit: number; readonly inFlight: readonly string[] },
): Promise<{ claimed: number; batches: readonly (readonly OutboxRow[])[] }> {
  const { db, clock } = context;
  const now = clock.now();
  const until = new Date(now.getTime() + CLAIM_MS);
  const rows = await claimOutbox(db, { crm, ...part, by: `write-${crm}`, now, until });
  const { batches, postponed } = await toBatches(context, rows, batch.write);
  await releaseOutbox(db, crm, postponed, null);
  // No other job may be enqueued by the time that these rows have waited long enough.
  if (postponed.length > 0) await context.enqueue('write-scores', { crm }, { delayMs: MAX_WAIT_MS });
  return { claimed: rows.length, batches };
}

async function toBatches(
  context: JobContext,
  rows: readonly ClaimedRow[],
  size: number,
): Promise<{ batches: readonly (readonly OutboxRow[])[]; postponed: readonly OutboxRow[] }> {
  const batches = chunksOf(
    rows.toSorted((a, b) => a.priority - b.priority || a.version - b.version),
    size,
  );
  const last = batches.at(-1);
  if (!last || last.length === size || (await canSendPartial(context, last))) return { batches, postponed: [] };
  return { batches: batches.slice(0, -1), postponed: last };
}

async function canSendPartial({ db, clock, crms }: JobContext, rows: readonly ClaimedRow[]): Promise<boolean> {
  if (rows.some(({ priority }) => priority === PRIORITY.activity)) return true;
  const now = clock.now();
  if (rows.some(({ queued_at }) => now.getTime() - queued_at.getTime() >= MAX_WAIT_MS)) return true;
  return !(await isUpstreamBusy(db, now, [...crms.keys()]));
}
