// Which streams the token and the account give access to. An unavailable stream is skipped, and its
// activity types count as unobserved until it is available again.
import type { ChangeStream } from '../../src/crm/streams.ts';
import { MAX_RETRY_MS } from '../../src/domain/limits/retry-delays.ts';
import { isSkipped } from '../../src/store/set-aside/list-set-aside.ts';
import {
  markStreamAvailable,
  markStreamUnavailable,
  touchAvailability,
} from '../../src/store/sync/stream-availability.ts';
import { allStreams, type StreamSummary } from '../../src/store/sync/streams.ts';
import type { JobContext, MappedCrm } from '../context.ts';
import { partFailureOrThrow } from '../failures/reachable.ts';
import { setAside, setAsideRecovered } from '../failures/set-aside.ts';
import { isSuperseded } from './fallback-streams.ts';

/** A scope or a subscription may have been removed meanwhile. */
const CHECK_EVERY_MS = 24 * 3_600_000;
/** An operator adds a missing scope and wants to see the effect. */
const FIRST_CHECK_MS = 5 * 60_000;

const CHECK = { stream: 'availability', kind: 'check' } as const;

/**
 * Checks all streams once a day, when a process or a backfill begins, and while a stream is
 * unavailable after 5 minutes, 10 minutes, ... 6 hours. A check that fails is set aside: the streams
 * are read as they were.
 */
export async function checkAvailabilityIfDue(context: JobContext, mapped: MappedCrm): Promise<void> {
  const { db, clock } = context;
  const { connector } = mapped;
  const crm = connector.id;
  const known = new Map((await allStreams(db)).filter((row) => row.crm === crm).map((row) => [row.stream, row]));
  const now = clock.now();
  if (connector.streams.every((stream) => nextCheckAt(stream, known.get(stream.id)) > now.getTime())) return;
  if (await isSkipped(db, crm, CHECK, now)) return;
  try {
    await check(context, mapped, known);
  } catch (error) {
    const failure = await partFailureOrThrow(context, connector, error);
    await setAside(context, crm, [CHECK], failure);
    return;
  }
  await setAsideRecovered(context, crm, [CHECK]);
}

/** Epoch ms. */
function nextCheckAt(stream: ChangeStream, row: StreamSummary | undefined): number {
  const checkedAt = row?.availabilityCheckedAt?.getTime();
  if (row === undefined || checkedAt === undefined) return 0;
  if (row.unavailableReason === null || isSuperseded(stream, row)) return checkedAt + CHECK_EVERY_MS;
  const unavailableMs = checkedAt - (row.unavailableSince?.getTime() ?? checkedAt);
  return checkedAt + Math.min(Math.max(unavailableMs, FIRST_CHECK_MS), MAX_RETRY_MS);
}

async function check(
  { db, clock, signal, log }: JobContext,
  { connector, mappingHash }: MappedCrm,
  known: ReadonlyMap<string, StreamSummary>,
): Promise<void> {
  const crm = connector.id;
  const probed = await connector.probeStreams(signal);
  const reasons = new Map(probed.map(({ stream, unavailable }) => [stream, unavailable]));
  for (const stream of connector.streams) {
    const key = { crm, stream: stream.id };
    const row = known.get(stream.id);
    const unavailable = reasons.get(stream.id) ?? null;
    if (unavailable !== null) {
      await markStreamUnavailable(db, key, { unavailable, mappingHash, now: clock.now() });
      if (row?.unavailableReason == null) log.warn(key, `${crm}: ${unavailable.reason} ${unavailable.fix}`);
    } else if (isSuperseded(stream, row)) {
      await touchAvailability(db, key, clock.now());
    } else {
      await markStreamAvailable(db, key, clock.now());
    }
  }
}
