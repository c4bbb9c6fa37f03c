// Reads a batch of records and saves what the CRM returned. A batch that fails is halved down to
// the record; a record that cannot be read keeps what is stored of it and is set aside.
import type { FetchedLead, RecordRef } from '../../src/crm/connector.ts';
import { readableRecords } from '../../src/store/records/claim-dirty.ts';
import { type NewSetAside, saveSetAside } from '../../src/store/set-aside/set-aside.ts';
import type { JobContext, MappedCrm } from '../context.ts';
import type { PartFailure } from '../failures/classify.ts';
import { divideBatch } from '../failures/divide-batch.ts';
import { logSetAside, setAside, setAsideRecovered } from '../failures/set-aside.ts';

interface ReadOptions {
  readonly save: (fetched: readonly FetchedLead[], askedAt: Date) => Promise<void>;
}

/**
 * @returns the objects of which no record can be read
 * @throws an error that pauses reading, or is about our own store
 */
export async function readRecords(
  context: JobContext,
  { connector }: Pick<MappedCrm, 'connector'>,
  refs: readonly RecordRef[],
  { save }: ReadOptions,
): Promise<ReadonlyMap<string, PartFailure>> {
  const { db, clock } = context;
  const crm = connector.id;
  const read = async (part: readonly RecordRef[], signal: AbortSignal) => {
    const askedAt = clock.now();
    const fetched = await connector.fetchLeads(part, signal);
    await save(fetched, askedAt);
    await setUnreadableAside(context, crm, fetched);
  };
  const failing = new Map<string, PartFailure>();
  // Objects fail apart: a permission concerns one of them.
  for (const [object, records] of Map.groupBy(refs, (ref) => ref.object)) {
    const except = records.map(({ id }) => id);
    const controls = await readableRecords(db, { crm, object, except });
    const { failed, whole } = await divideBatch(records, {
      connector,
      work: read,
      controls: controls.map((ref) => (signal) => readControl(connector, ref, signal)),
      signal: context.signal,
    });
    for (const { item, failure } of failed) {
      await setAside(context, crm, [{ stream: item.object, kind: 'record', id: item.id }], failure);
    }
    if (whole !== null) failing.set(object, whole);
  }
  return failing;
}

/** @throws when the record, which was read before, cannot be read now */
async function readControl(connector: MappedCrm['connector'], ref: RecordRef, signal: AbortSignal): Promise<void> {
  const fetched = await connector.fetchLeads([ref], signal);
  if (fetched.some(({ kind }) => kind === 'unreadable')) throw new TypeError('the control record is unreadable');
}

async function setUnreadableAside(context: JobContext, crm: string, fetched: readonly FetchedLead[]): Promise<void> {
  const rows = fetched.flatMap((result): NewSetAside[] => {
    if (result.kind !== 'unreadable') return [];
    return [{ stream: result.ref.object, kind: 'record', id: result.ref.id, failure: result.failure }];
  });
  logSetAside(context, crm, await saveSetAside(context.db, crm, rows, context.clock.now()));
}

/** Clears the records that could be read now. */
export async function clearReadRecords(
  context: JobContext,
  crm: string,
  fetched: readonly FetchedLead[],
): Promise<void> {
  const read = fetched.filter(({ kind }) => kind !== 'unreadable').map(({ ref }) => ref);
  const things = read.map(({ object, id }) => ({ stream: object, kind: 'record' as const, id }));
  await setAsideRecovered(context, crm, things);
}
