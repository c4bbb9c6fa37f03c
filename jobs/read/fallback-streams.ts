// Streams that stand in for others: a counter says how often something happened, where the stream that shows each thing is
// closed to us. Never both: each thing would count twice.
import type { ChangeStream } from '../../src/crm/connector.ts';
import { closeCounter, openCounter } from '../../src/store/sync/counters.ts';
import { allStreams, type StreamSummary } from '../../src/store/sync/streams.ts';
import type { JobContext, MappedCrm } from '../context.ts';

/** Why a counter is closed that has nothing to stand in for; null: it stands in for nothing. */
function replacedBy({ standsInFor }: ChangeStream): string | null {
  return standsInFor === undefined ? null : `${standsInFor} is open and shows each one`;
}

/** What the better stream gave, unless it was once read to its end. */
function brokenOff(
  { standsInFor, activityTypes }: ChangeStream,
  rows: ReadonlyMap<string, StreamSummary>,
): { readonly stream: string; readonly types: readonly string[] } | null {
  if (standsInFor === undefined || rows.get(standsInFor)?.completedAt != null) return null;
  return { stream: standsInFor, types: activityTypes };
}

/** Whether a counter is closed because the better stream is open: that is as it should be. */
export function isReplaced(stream: ChangeStream | undefined, row: Pick<StreamSummary, 'denied'> | undefined): boolean {
  return stream !== undefined && row?.denied != null && row.denied === replacedBy(stream);
}

/**
 * Closes the counters whose better stream is open, and opens those whose better stream is not, or is not read by the mapping.
 * A counter that opens goes on where the better stream was last read to its end (date-counters.ts); one that never was gives
 * way to it.
 */
export async function settleStandIns(context: JobContext, { connector, mappingHash }: MappedCrm): Promise<void> {
  const { db, clock } = context;
  const crm = connector.id;
  const rows = new Map((await allStreams(db)).filter((row) => row.crm === crm).map((row) => [row.stream, row]));
  const read = new Set(connector.streams.map(({ id }) => id));
  for (const stream of connector.streams) {
    const { id: counter, standsInFor } = stream;
    const reason = replacedBy(stream);
    const row = rows.get(counter);
    if (standsInFor === undefined || reason === null || row === undefined) continue;
    const better = read.has(standsInFor) ? rows.get(standsInFor) : undefined;
    const isBetterOpen = better !== undefined && better.denied === null;
    const now = clock.now();
    if (isBetterOpen && row.denied !== reason) {
      await closeCounter(db, { crm, counter }, { denied: { reason, fix: null }, mappingHash, now });
    } else if (!isBetterOpen && row.denied === reason) {
      await openCounter(db, { crm, counter }, { now, brokenOff: brokenOff(stream, rows) });
    }
  }
}
