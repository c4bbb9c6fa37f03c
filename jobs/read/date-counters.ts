// Dates what counters counted: records whose counters moved, in batches. What dating found and how far it got are kept
// together, so that a killed process counts nothing twice and loses nothing. When none is left the counters are read to their
// end, as a stream is.
import type { ChangeStream, CrmConnector, UndatedRecord } from '../../src/crm/connector.ts';
import { chunksOf } from '../../src/domain/chunks.ts';
import { type ClaimedCounters, claimUndated, takeDated } from '../../src/store/sync/counters.ts';
import { countInRuns } from '../../src/store/sync/runs.ts';
import { allStreams, endPull, type StreamSummary } from '../../src/store/sync/streams.ts';
import type { JobContext, MappedCrm } from '../context.ts';
import { inParallel, PARALLEL } from '../run-batches.ts';

const CLAIM_MS = 60_000;

/** An open counter, and the instant until which its things are known from the stream that it stands in for. */
interface OpenCounter {
  readonly counter: string;
  readonly from: number | null;
}

export async function dateCounters(context: JobContext, { connector }: MappedCrm): Promise<void> {
  const { db, clock, signal } = context;
  const crm = connector.id;
  const known = (await allStreams(db)).filter((each) => each.crm === crm);
  const open = openCounters(connector.streams, known);
  const size = connector.batch.counters ?? connector.batch.read;
  for (;;) {
    const now = clock.now();
    const until = new Date(now.getTime() + CLAIM_MS);
    const limit = size * PARALLEL;
    const claimed = await claimUndated(db, { crm, by: `refresh-${crm}`, limit, now, until });
    await inParallel(chunksOf(claimed, size), (chunk) => dateChunk(context, connector, chunk, open));
    if (signal.aborted) return;
    if (claimed.length < limit) break;
  }
  // While the records are read for the first time, more of them come whose counters are to be dated.
  const lists = connector.streams.filter((stream) => stream.lists !== undefined).map(({ id }) => id);
  if (!lists.every((id) => known.some(({ stream, completedAt }) => stream === id && completedAt !== null))) return;
  for (const { counter } of open) {
    // One that is to be dated again since is left to the next refresh.
    const from = known.find(({ stream }) => stream === counter);
    if (from) await endPull(db, { crm, stream: counter, from, now: clock.now(), lists: null, pass: null });
  }
}

function openCounters(streams: readonly ChangeStream[], known: readonly StreamSummary[]): readonly OpenCounter[] {
  const rows = new Map(known.map((row) => [row.stream, row]));
  return streams.flatMap(({ id, counter, standsInFor }) => {
    const row = rows.get(id);
    if (counter !== true || row === undefined || row.denied !== null) return [];
    const better = standsInFor === undefined ? undefined : rows.get(standsInFor);
    return [{ counter: id, from: better?.completedAt?.getTime() ?? null }];
  });
}

async function dateChunk(
  context: JobContext,
  connector: CrmConnector,
  claimed: readonly ClaimedCounters[],
  open: readonly OpenCounter[],
): Promise<void> {
  const { db, clock, signal } = context;
  const undated = claimed.flatMap((record) => toUndated(record, open));
  const nothing = { records: [], activities: [], gone: [], unanswered: [] };
  const found = undated.length === 0 ? nothing : await connector.dateCounters?.(undated, signal);
  if (found === undefined) return;
  await countInRuns(db, { activities: found.activities.length });
  await takeDated(db, found, { crm: connector.id, now: clock.now(), claimed });
}

/** Nothing for a record none of whose open counters stands elsewhere than when it was dated. */
function toUndated({ object, id, counters, dated }: ClaimedCounters, open: readonly OpenCounter[]): UndatedRecord[] {
  const moved = open.flatMap(({ counter, from }) => {
    const last = dated[counter];
    const hasMoved = (counters[counter] ?? 0) !== (last?.shown ?? 0);
    if (!hasMoved && last?.again !== true) return [];
    return [{ counter, from, dated: last ?? null, again: last?.again === true }];
  });
  return moved.length === 0 ? [] : [{ ref: { object, id }, counters: moved }];
}
