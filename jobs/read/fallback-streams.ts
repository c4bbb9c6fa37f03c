// Fallback streams: a counter is used while the stream that lists the same activities is
// unavailable, or has been set aside for a day. Never both: each activity would count twice.
import type { ChangeStream } from '../../src/crm/streams.ts';
import { streamsSetAsideSince } from '../../src/store/set-aside/list-set-aside.ts';
import { allStreams, type StreamSummary, streamState } from '../../src/store/sync/streams.ts';
import { awaitStream, type BetterStream, disableCounter, enableCounter } from '../../src/store/sync/switch-counters.ts';
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

/** A stream that is set aside for so long is replaced by its counter. */
const REPLACED_AFTER_MS = 24 * 3_600_000;

/**
 * Disables the counters whose better stream is available. Enables those whose better stream is
 * unavailable, has been set aside for a day, or is not read by the mapping. An enabled counter
 * continues where the better stream was last read to its end (date-counters.ts). If the better
 * stream never was, its activities are deleted and the counter dates all events.
 */
export async function switchFallbackStreams(context: JobContext, { connector, mappingHash }: MappedCrm): Promise<void> {
  const { db, clock } = context;
  const crm = connector.id;
  const now = clock.now();
  const rows = new Map((await allStreams(db)).filter((row) => row.crm === crm).map((row) => [row.stream, row]));
  const replaced = await streamsSetAsideSince(db, crm, new Date(now.getTime() - REPLACED_AFTER_MS));
  const mapped = new Set(connector.streams.map(({ id }) => id));
  for (const stream of connector.streams) {
    const { id: counter, fallbackFor } = stream;
    const reason = supersededReason(stream);
    const row = rows.get(counter);
    if (fallbackFor === undefined || reason === null || row === undefined) continue;
    const better = mapped.has(fallbackFor) ? rows.get(fallbackFor) : undefined;
    const isBetterRead = better !== undefined && better.unavailableReason === null && !replaced.has(fallbackFor);
    const isDisabled = row.unavailableReason === reason;
    if (isBetterRead && !isDisabled) {
      await disableCounter(db, { crm, counter }, { unavailable: { reason, fix: null }, mappingHash, now });
    } else if (!isBetterRead && isDisabled) {
      await enableCounter(db, { crm, counter }, { now, better: betterStream(stream, rows) });
    }
  }
}

function betterStream(
  { fallbackFor, activityTypes }: ChangeStream,
  rows: ReadonlyMap<string, StreamSummary>,
): BetterStream | null {
  if (fallbackFor === undefined) return null;
  return { stream: fallbackFor, types: activityTypes, knownUntil: rows.get(fallbackFor)?.knownUntil ?? null };
}

/**
 * Disables the counters that replaced a stream. Called when it can be read again, before its first
 * page is saved.
 */
export async function endFallback(
  { db, clock }: JobContext,
  { connector, mappingHash }: MappedCrm,
  stream: ChangeStream,
): Promise<void> {
  const crm = connector.id;
  for (const counter of connector.streams.filter(({ fallbackFor }) => fallbackFor === stream.id)) {
    const reason = supersededReason(counter);
    const state = await streamState(db, { crm, stream: counter.id });
    if (reason === null || state === null || state.unavailableReason !== null) continue;
    await awaitStream(db, { crm, stream: stream.id });
    const disabled = { unavailable: { reason, fix: null }, mappingHash, now: clock.now() };
    await disableCounter(db, { crm, counter: counter.id }, disabled);
  }
}
