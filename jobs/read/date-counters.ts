// Dates what counters counted: records whose counters moved, in batches. What dating found and how far it got are kept
// together, so that a killed process counts nothing twice and loses nothing. When none is left the counters are read to their
// end, as a stream is.
import type { ChangedCounters, ChangeStream, CrmConnector } from '../../src/crm/connector.ts';
import { chunksOf } from '../../src/domain/chunks.ts';
import { type ClaimedCounters, claimChangedCounters, saveDatedEvents } from '../../src/store/sync/counters.ts';
import { addToRunCounters } from '../../src/store/sync/runs.ts';
import { allStreams, finishPull, type StreamSummary } from '../../src/store/sync/streams.ts';
import type { JobContext, MappedCrm } from '../context.ts';
import { PARALLEL, runBatches } from '../run-batches.ts';

const CLAIM_MS = 60_000;

/** An open counter, and the instant until which its things are known from the stream that it stands in for. */
interface OpenCounter {
  readonly counter: string;
  readonly from: number | null;
}

export async function dateCounterEvents(context: JobContext, { connector }: MappedCrm): Promise<void> {
  const { db, clock, signal } = context;
  const crm = connector.id;
  const known = (await allStreams(db)).filter((each) => each.crm === crm);
  const open = openCounters(connector.streams, known);
  const size = connector.batch.counters ?? connector.batch.read;
  for (;;) {
    const now = clock.now();
    const until = new Date(now.getTime() + CLAIM_MS);
    const limit = size * PARALLEL;
    const claimed = await claimChangedCounters(db, { crm, by: `refresh-${crm}`, limit, now, until });
    await runBatches(chunksOf(claimed, size), (chunk) => dateChunk(context, connector, chunk, open));
    if (signal.aborted) return;
    if (claimed.length < limit) break;
  }
  // While the records are read for the first time, more of them come whose counters are to be dated.
  const lists = connector.streams.filter((stream) => stream.listsObject !== undefined).map(({ id }) => id);
  if (!lists.every((id) => known.some(({ stream, completedAt }) => stream === id && completedAt !== null))) return;
  for (const { counter } of open) {
    // One that is to be dated again since is left to the next refresh.
    const from = known.find(({ stream }) => stream === counter);
    if (from)
      await finishPull(db, { crm, stream: counter, from, now: clock.now(), listsObject: null, fullSyncRunId: null });
  }
}

function openCounters(streams: readonly ChangeStream[], known: readonly StreamSummary[]): readonly OpenCounter[] {
  const rows = new Map(known.map((row) => [row.stream, row]));
  return streams.flatMap(({ id, isCounter, fallbackFor }) => {
    const row = rows.get(id);
    if (isCounter !== true || row === undefined || row.unavailableReason !== null) return [];
    const better = fallbackFor === undefined ? undefined : rows.get(fallbackFor);
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
  const found = undated.length === 0 ? nothing : await connector.dateCounterEvents?.(undated, signal);
  if (found === undefined) return;
  await addToRunCounters(db, { activities: found.activities.length });
  await saveDatedEvents(db, found, { crm: connector.id, now: clock.now(), claimed });
}

/** Nothing for a record none of whose open counters stands elsewhere than when it was dated. */
function toUndated({ object, id, counters, dated }: ClaimedCounters, open: readonly OpenCounter[]): ChangedCounters[] {
  const moved = open.flatMap(({ counter, from }) => {
    const last = dated[counter];
    const hasMoved = (counters[counter] ?? 0) !== (last?.shown ?? 0);
    if (!hasMoved && last?.again !== true) return [];
    return [{ counter, from, dated: last ?? null, again: last?.again === true }];
  });
  return moved.length === 0 ? [] : [{ ref: { object, id }, counters: moved }];
}
