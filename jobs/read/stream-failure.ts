// What follows when a stream cannot be read: it is unavailable if the token has no access to it,
// else it is set aside with its cursor. Other streams and the refresh of records go on.
import { ConnectorError, type ConnectorErrorKind } from '../../src/crm/connector-error.ts';
import type { ChangeStream, StreamAvailability } from '../../src/crm/streams.ts';
import { FIRST_RETRY_MS } from '../../src/domain/limits/retry-delays.ts';
import { isAwaited } from '../../src/store/set-aside/list-set-aside.ts';
import { markStreamUnavailable } from '../../src/store/sync/stream-availability.ts';
import type { JobContext, MappedCrm } from '../context.ts';
import { toPartFailure } from '../failures/classify.ts';
import { partFailureOrThrow } from '../failures/reachable.ts';
import { setAside } from '../failures/set-aside.ts';
import { switchFallbackStreams } from './fallback-streams.ts';

/** Kinds that can mean that the token or the account has no access to the stream. */
const NO_ACCESS: ReadonlySet<ConnectorErrorKind> = new Set(['forbidden', 'not-found']);

/** @throws the error when it is about the whole CRM, our store, or a shutdown */
export async function handleStreamFailure(
  context: JobContext,
  mapped: MappedCrm,
  stream: ChangeStream,
  error: unknown,
): Promise<void> {
  const { db, clock } = context;
  const crm = mapped.connector.id;
  const failure = await partFailureOrThrow(context, mapped.connector, error);
  if (error instanceof ConnectorError && NO_ACCESS.has(error.kind)) {
    const unavailable = await unavailability(context, mapped, stream);
    if (unavailable !== null) return markUnavailable(context, mapped, stream, unavailable);
  }
  await setAside(context, crm, [{ stream: stream.id, kind: 'stream' }], failure);
  // Without a service no poll follows, and a backfill waits for the stream.
  if (await isAwaited(db, crm, stream.id, clock.now()))
    await context.enqueue('sync-streams', { crm }, { delayMs: FIRST_RETRY_MS });
}

/** Why the token has no access, by the same check as at the start; null = it has, or it is unknown. */
async function unavailability(
  { signal }: JobContext,
  { connector }: MappedCrm,
  stream: ChangeStream,
): Promise<StreamAvailability['unavailable']> {
  try {
    const probed = await connector.probeStreams(signal);
    return probed.find((each) => each.stream === stream.id)?.unavailable ?? null;
  } catch (error) {
    if (signal.aborted || toPartFailure(error) === null) throw error;
    return null;
  }
}

async function markUnavailable(
  context: JobContext,
  mapped: MappedCrm,
  stream: ChangeStream,
  unavailable: NonNullable<StreamAvailability['unavailable']>,
): Promise<void> {
  const { db, clock, log } = context;
  const { connector, mappingHash } = mapped;
  const key = { crm: connector.id, stream: stream.id };
  await markStreamUnavailable(db, key, { unavailable, mappingHash, now: clock.now() });
  await switchFallbackStreams(context, mapped);
  log.warn(key, `${connector.id}: ${stream.id} is unavailable: ${unavailable.reason}`);
}
