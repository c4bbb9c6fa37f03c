// Counters (HubSpot's number of page views): records carry a total, and the connector finds the
// date of each event behind it. The events and the position reached are saved in one transaction,
// so a killed process neither counts an event twice nor loses one. When no changed counter is left,
// the counters are marked as read to their end, like a stream.
import type { ChangedCounters, CrmConnector } from '../../src/crm/connector.ts';
import type { ChangeStream } from '../../src/crm/streams.ts';
import { chunksOf } from '../../src/domain/lists/chunks.ts';
import { readableRecords } from '../../src/store/records/claim-dirty.ts';
import { type ClaimedCounters, claimChangedCounters } from '../../src/store/sync/claim-counters.ts';
import { addToRunCounters } from '../../src/store/sync/runs.ts';
import { saveDatedEvents } from '../../src/store/sync/save-dated-events.ts';
import { finishPull } from '../../src/store/sync/save-page.ts';
import { allStreams, type StreamSummary } from '../../src/store/sync/streams.ts';
import { redateCounter } from '../../src/store/sync/switch-counters.ts';
import type { JobContext, MappedCrm } from '../context.ts';
import { divideBatch } from '../failures/divide-batch.ts';
import { setAside, setAsideRecovered } from '../failures/set-aside.ts';
import { PARALLEL, runBatches } from '../run-batches.ts';

const CLAIM_MS = 60_000;

/**
 * Counters list no pages: sync-streams reads their totals with the records, and refresh-records
 * dates their events.
 */
export function isReadByDating({ isCounter }: ChangeStream): boolean {
  return isCounter === true;
}

/**
 * At the start of a full sync: dates all events of a counter again. Does nothing for other streams.
 */
export async function redateIfCounter(
  db: JobContext['db'],
  crm: string,
  stream: ChangeStream,
  now: Date,
): Promise<void> {
  if (isReadByDating(stream)) await redateCounter(db, { crm, counter: stream.id }, now);
}

/** An available counter. */
interface OpenCounter {
  readonly counter: string;
  /**
   * Events up to this instant (epoch ms) are known from the stream that the counter is a fallback
   * for; null = none.
   */
  readonly from: number | null;
}

/** Dates the events of all changed counters of a CRM. */
export async function dateCounterEvents(context: JobContext, { connector }: MappedCrm): Promise<void> {
  const rows = (await allStreams(context.db)).filter(({ crm }) => crm === connector.id);
  const counters = availableCounters(connector.streams, rows);
  await dateChangedCounters(context, connector, counters);
  // During the first sync more records arrive whose counters must be dated.
  if (!context.signal.aborted && areRecordsListed(connector.streams, rows))
    await finishCounters(context, counters, rows);
}

function availableCounters(streams: readonly ChangeStream[], rows: readonly StreamSummary[]): readonly OpenCounter[] {
  const byStream = new Map(rows.map((row) => [row.stream, row]));
  return streams.filter(isReadByDating).flatMap(({ id, fallbackFor }) => {
    const row = byStream.get(id);
    if (row === undefined || row.unavailableReason !== null) return [];
    const better = fallbackFor === undefined ? undefined : byStream.get(fallbackFor);
    return [{ counter: id, from: better?.knownUntil?.getTime() ?? null }];
  });
}

async function dateChangedCounters(
  context: JobContext,
  connector: CrmConnector,
  counters: readonly OpenCounter[],
): Promise<void> {
  const { db, clock, signal } = context;
  const crm = connector.id;
  const size = connector.batch.counters ?? connector.batch.read;
  const limit = size * PARALLEL;
  for (;;) {
    const now = clock.now();
    const until = new Date(now.getTime() + CLAIM_MS);
    const claimed = await claimChangedCounters(db, { crm, by: `refresh-${crm}`, limit, now, until });
    await runBatches(chunksOf(claimed, size), (chunk) => dateChunk(context, connector, chunk, counters));
    if (signal.aborted || claimed.length < limit) return;
  }
}

async function dateChunk(
  context: JobContext,
  connector: CrmConnector,
  claimed: readonly ClaimedCounters[],
  counters: readonly OpenCounter[],
): Promise<void> {
  const crm = connector.id;
  // Objects fail apart; a record that fails is set aside.
  for (const [object, records] of Map.groupBy(claimed, (record) => record.object)) {
    const { failed, whole } = await divideBatch(records, {
      connector,
      work: (part, signal) => datePart(context, connector, part, counters, signal),
      controls: await controlsOf(context, connector, records, counters),
      signal: context.signal,
    });
    for (const { item, failure } of failed)
      await setAside(context, crm, [{ stream: object, kind: 'counters', id: item.id }], failure);
    if (whole !== null) await setAside(context, crm, [{ stream: object, kind: 'counters' }], whole);
    else await setAsideRecovered(context, crm, [{ stream: object, kind: 'counters' }]);
  }
}

async function datePart(
  { db, clock }: JobContext,
  connector: CrmConnector,
  claimed: readonly ClaimedCounters[],
  counters: readonly OpenCounter[],
  signal: AbortSignal,
): Promise<void> {
  const changed = claimed.flatMap((record) => changedCounters(record, counters));
  const nothing = { records: [], activities: [], gone: [], notReturned: [] };
  const found = changed.length === 0 ? nothing : await connector.dateCounterEvents?.(changed, signal);
  if (found === undefined) return;
  await addToRunCounters(db, { activities: found.activities.length });
  await saveDatedEvents(db, found, { crm: connector.id, now: clock.now(), claimed });
}

/** Dates the counters of records that are not in the batch. */
async function controlsOf(
  { db }: JobContext,
  connector: CrmConnector,
  records: readonly ClaimedCounters[],
  counters: readonly OpenCounter[],
): Promise<readonly ((signal: AbortSignal) => Promise<unknown>)[]> {
  const [first] = records;
  if (first === undefined) return [];
  const except = records.map(({ id }) => id);
  const controls = await readableRecords(db, { crm: connector.id, object: first.object, except });
  const positions = counters.map(({ counter, from }) => ({ counter, from, dated: null, redate: false }));
  return controls.map((ref) => async (signal) => connector.dateCounterEvents?.([{ ref, counters: positions }], signal));
}

/** Returns an empty list if no available counter of the record changed since it was dated. */
function changedCounters(
  { object, id, counters: totals, dated }: ClaimedCounters,
  counters: readonly OpenCounter[],
): ChangedCounters[] {
  const changed = counters.flatMap(({ counter, from }) => {
    const last = dated[counter];
    const hasChanged = (totals[counter] ?? 0) !== (last?.crmValue ?? 0);
    if (!hasChanged && last?.redate !== true) return [];
    return [{ counter, from, dated: last ?? null, redate: last?.redate === true }];
  });
  return changed.length === 0 ? [] : [{ ref: { object, id }, counters: changed }];
}

function areRecordsListed(streams: readonly ChangeStream[], rows: readonly StreamSummary[]): boolean {
  const read = new Set(rows.filter(({ completedAt }) => completedAt !== null).map(({ stream }) => stream));
  return streams.every(({ id, listsObject }) => listsObject === undefined || read.has(id));
}

async function finishCounters(
  { db, clock }: JobContext,
  counters: readonly OpenCounter[],
  rows: readonly StreamSummary[],
): Promise<void> {
  for (const { counter } of counters) {
    // Fails, and leaves it to the next refresh, when a full sync of the counter began meanwhile.
    const from = rows.find(({ stream }) => stream === counter);
    if (!from) continue;
    const key = { crm: from.crm, stream: counter };
    await finishPull(db, { ...key, from, now: clock.now(), listsObject: null, fullSyncRunId: null });
  }
}
