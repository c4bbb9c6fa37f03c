// Streams that stand in for others: a counter says how often something happened, where the stream that shows each thing is
// closed to us. Never both: each thing would count twice.
import type { ChangeStream } from '../../src/crm/connector.ts';
import { disableCounter, enableCounter } from '../../src/store/sync/counters.ts';
import { allStreams, type StreamSummary } from '../../src/store/sync/streams.ts';
import type { JobContext, MappedCrm } from '../context.ts';

/** Why a counter is closed that has nothing to stand in for; null: it stands in for nothing. */
function replacedBy({ fallbackFor }: ChangeStream): string | null {
  return fallbackFor === undefined ? null : `${fallbackFor} is open and shows each one`;
}

/** What the better stream gave, unless it was once read to its end. */
function brokenOff(
  { fallbackFor, activityTypes }: ChangeStream,
  rows: ReadonlyMap<string, StreamSummary>,
): { readonly stream: string; readonly types: readonly string[] } | null {
  if (fallbackFor === undefined || rows.get(fallbackFor)?.completedAt != null) return null;
  return { stream: fallbackFor, types: activityTypes };
}

/** Whether a counter is closed because the better stream is open: that is as it should be. */
export function isSuperseded(
  stream: ChangeStream | undefined,
  row: Pick<StreamSummary, 'unavailableReason'> | undefined,
): boolean {
  return stream !== undefined && row?.unavailableReason != null && row.unavailableReason === replacedBy(stream);
}

/**
 * Closes the counters whose better stream is open, and opens those whose better stream is not, or is not read by the mapping.
 * A counter that opens goes on where the better stream was last read to its end (date-counters.ts); one that never was gives
 * way to it.
 */
export async function switchFallbackStreams(context: JobContext, { connector, mappingHash }: MappedCrm): Promise<void> {
  const { db, clock } = context;
  const crm = connector.id;
  const rows = new Map((await allStreams(db)).filter((row) => row.crm === crm).map((row) => [row.stream, row]));
  const read = new Set(connector.streams.map(({ id }) => id));
  for (const stream of connector.streams) {
    const { id: counter, fallbackFor } = stream;
    const reason = replacedBy(stream);
    const row = rows.get(counter);
    if (fallbackFor === undefined || reason === null || row === undefined) continue;
    const better = read.has(fallbackFor) ? rows.get(fallbackFor) : undefined;
    const isBetterOpen = better !== undefined && better.unavailableReason === null;
    const now = clock.now();
    if (isBetterOpen && row.unavailableReason !== reason) {
      await disableCounter(db, { crm, counter }, { unavailable: { reason, fix: null }, mappingHash, now });
    } else if (!isBetterOpen && row.unavailableReason === reason) {
      await enableCounter(db, { crm, counter }, { now, brokenOff: brokenOff(stream, rows) });
    }
  }
}
