// Fallback streams: a counter is used while the stream that lists the same activities is
// unavailable. Never both: each activity would count twice.
import type { ChangeStream } from '../../src/crm/streams.ts';
import { allStreams, type StreamSummary } from '../../src/store/sync/streams.ts';
import { disableCounter, enableCounter } from '../../src/store/sync/switch-counters.ts';
import type { JobContext, MappedCrm } from '../context.ts';

/** The reason stored for a superseded fallback stream; null = not a fallback stream. */
function supersededReason({ fallbackFor }: ChangeStream): string | null {
  return fallbackFor === undefined ? null : `${fallbackFor} is available and lists each activity`;
}

/**
 * Whether a fallback stream is unavailable because the stream that it replaces is available: the
 * normal case.
 */
export function isSuperseded(
  stream: ChangeStream | undefined,
  row: Pick<StreamSummary, 'unavailableReason'> | undefined,
): boolean {
  return stream !== undefined && row?.unavailableReason != null && row.unavailableReason === supersededReason(stream);
}

/**
 * Disables the counters whose better stream is available. Enables those whose better stream is
 * unavailable, or is not read by the mapping. An enabled counter continues where the better stream
 * was last read to its end (date-counters.ts). If the better stream never was, its activities are
 * deleted and the counter dates all events.
 */
export async function switchFallbackStreams(context: JobContext, { connector, mappingHash }: MappedCrm): Promise<void> {
  const { db, clock } = context;
  const crm = connector.id;
  const rows = new Map((await allStreams(db)).filter((row) => row.crm === crm).map((row) => [row.stream, row]));
  const mapped = new Set(connector.streams.map(({ id }) => id));
  for (const stream of connector.streams) {
    const { id: counter, fallbackFor } = stream;
    const reason = supersededReason(stream);
    const row = rows.get(counter);
    if (fallbackFor === undefined || reason === null || row === undefined) continue;
    const better = mapped.has(fallbackFor) ? rows.get(fallbackFor) : undefined;
    const isBetterAvailable = better !== undefined && better.unavailableReason === null;
    const isDisabled = row.unavailableReason === reason;
    const now = clock.now();
    if (isBetterAvailable && !isDisabled) {
      await disableCounter(db, { crm, counter }, { unavailable: { reason, fix: null }, mappingHash, now });
    } else if (!isBetterAvailable && isDisabled) {
      await enableCounter(db, { crm, counter }, { now, incomplete: incompleteStream(stream, rows) });
    }
  }
}

/**
 * The better stream and the activity types of the counter; null if the better stream was read to
 * its end.
 */
function incompleteStream(
  { fallbackFor, activityTypes }: ChangeStream,
  rows: ReadonlyMap<string, StreamSummary>,
): { readonly stream: string; readonly types: readonly string[] } | null {
  if (fallbackFor === undefined || rows.get(fallbackFor)?.completedAt != null) return null;
  return { stream: fallbackFor, types: activityTypes };
}
