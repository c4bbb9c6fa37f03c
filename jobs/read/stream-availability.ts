// Which streams the token and the account give access to. An unavailable stream is skipped, and its
// activity types count as unobserved until it is available again.
import type { ConnectorError } from '../../src/crm/connector-error.ts';
import type { ChangeStream } from '../../src/crm/streams.ts';
import {
  markStreamAvailable,
  markStreamUnavailable,
  recheckAvailability,
  touchAvailability,
} from '../../src/store/sync/stream-availability.ts';
import { allStreams } from '../../src/store/sync/streams.ts';
import type { JobContext, MappedCrm } from '../context.ts';
import { isSuperseded, switchFallbackStreams } from './fallback-streams.ts';

/** A scope or a subscription may have been added or removed meanwhile. */
const CHECK_EVERY_MS = 24 * 3_600_000;

/** Checks all streams once a day, and when a process or a backfill begins. */
export async function checkAvailabilityIfDue(
  context: JobContext,
  { connector, mappingHash }: MappedCrm,
): Promise<void> {
  const { db, clock, signal, log } = context;
  const crm = connector.id;
  const known = new Map((await allStreams(db)).filter((row) => row.crm === crm).map((row) => [row.stream, row]));
  const oldest = clock.now().getTime() - CHECK_EVERY_MS;
  if (connector.streams.every(({ id }) => (known.get(id)?.availabilityCheckedAt?.getTime() ?? 0) > oldest)) return;
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

/**
 * Marks a stream as unavailable after an error of one of STREAM_UNAVAILABLE_KINDS.
 * @throws the error when the stream lists the records themselves
 */
export async function handleUnavailableStream(
  context: JobContext,
  mapped: MappedCrm,
  stream: ChangeStream,
  error: ConnectorError,
): Promise<void> {
  const { db, clock, log } = context;
  const { connector, mappingHash } = mapped;
  if (stream.listsObject !== undefined) {
    // In a CRM with people in several objects, the next check may show that this object is not
    // needed.
    if (error.kind === 'forbidden') await recheckAvailability(db, connector.id);
    // Without records there is nothing to score. The error must reach the operator: the sync has
    // not succeeded.
    throw error;
  }
  const key = { crm: connector.id, stream: stream.id };
  const unavailable = { reason: error.message, fix: error.fix ?? null };
  await markStreamUnavailable(db, key, { unavailable, mappingHash, now: clock.now() });
  await switchFallbackStreams(context, mapped);
  log.warn({ ...key, code: error.code }, `${connector.id}: ${stream.id} is unavailable: ${error.message}`);
}
