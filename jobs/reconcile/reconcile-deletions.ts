// Nightly: compares the CRM's listing of all records with the stored ones. A deletion changes no
// modification time, so only a complete listing shows it; neither does a formula, a field of the
// company or the name of an owner, so the listing returns the mapped values as well. Records that
// are not listed are read by ID, and so are records that were deleted before: they may have been
// restored, or erased for good.
//
// "Not there" is not "erased": a merge can make a new record, and the CRM then knows neither of the
// old ones. So the listing is also searched for merges, and a record is erased only if it was gone
// the night before and is in no merge since. A privacy deletion that the CRM reports by webhook is
// carried out at once (jobs/ingest/process-inbox.ts).
// The position is saved as a step of the run, so a killed night continues where it stopped.
import { z } from 'zod';
import type { CrmConnector, FetchedLead, RecordRef } from '../../src/crm/connector.ts';
import { chunksOf } from '../../src/domain/lists/chunks.ts';
import { saveAndErase } from '../../src/store/erasure/save-and-erase.ts';
import { NO_FINDINGS, recordFindings } from '../../src/store/reconcile/findings.ts';
import { markDifferingRecords } from '../../src/store/reconcile/mark-differing-records.ts';
import {
  clearListing,
  countListed,
  goneSince,
  markMissingDirty,
  pageOfMissing,
  saveListing,
} from '../../src/store/records/crm-listing.ts';
import { refKey } from '../../src/store/records/ref-key.ts';
import { saveFetchedRecords } from '../../src/store/records/save-fetched.ts';
import { activePause } from '../../src/store/sync/crm-pauses.ts';
import { findStep, listRunSteps, saveRunSteps } from '../../src/store/sync/run-steps.ts';
import type { JobContext } from '../context.ts';
import { pauseOnFailure } from '../failure-policy.ts';
import { partFailureOrThrow } from '../failures/reachable.ts';
import { setAside, setAsideRecovered } from '../failures/set-aside.ts';
import { isOwnAccount } from '../read/account-check.ts';
import { readRecords } from '../read/read-records.ts';
import { runBatches } from '../run-batches.ts';

const STEP = 'deletions-reconciled';

const positionSchema = z.object({
  /** The start of the listing (ISO). */
  began: z.string(),
  stage: z.enum(['listing', 'reading-missing']),
  /** The start of the next page of the listing; null = the first page. */
  after: z.string().nullable(),
  /** The last missing record read. */
  lastRead: z.object({ object: z.string(), id: z.string() }).nullable(),
});
type Position = z.infer<typeof positionSchema>;

// Finding missing records scans all records, so a page is large.
const MISSING_PAGE = 5_000;

// A portal loses few of its contacts in a day. A listing with less than this share of the stored
// records is not trusted: records that it omits must not be erased.
const MIN_LISTED_SHARE = 0.5;

// From one night to the next, also when the clock changes.
const GONE_BEFORE_MS = 20 * 3_600_000;

export async function reconcileDeletions(context: JobContext, crm: string, runId: number): Promise<void> {
  const connector = context.crms.get(crm)?.connector;
  if (!connector?.listAllRecords || (await activePause(context.db, crm, 'read', context.clock.now()))) return;
  // No retry: the next night compares everything again.
  await pauseOnFailure(
    context,
    { crm, direction: 'read' },
    () => compareOrSetAside(context, connector, runId),
    async () => {},
  );
}

const CHECK = { stream: 'deletions', kind: 'check' } as const;
/** The next night compares everything again. */
const NEXT_NIGHT_MS = 24 * 3_600_000;

/** A listing that fails is set aside: the rest of the night goes on, and no record is deleted. */
async function compareOrSetAside(context: JobContext, connector: CrmConnector, runId: number): Promise<void> {
  try {
    await compareAll(context, connector, runId);
  } catch (error) {
    const failure = await partFailureOrThrow(context, connector, error);
    await setAside(context, connector.id, [CHECK], failure, NEXT_NIGHT_MS);
    return;
  }
  if (!context.signal.aborted) await setAsideRecovered(context, connector.id, [CHECK]);
}

async function compareAll(context: JobContext, connector: CrmConnector, runId: number): Promise<void> {
  const { db, clock, signal } = context;
  const crm = connector.id;
  if (!(await isOwnAccount(context, connector))) return;
  const saved = findStep(await listRunSteps(db, runId), STEP, crm);
  if (saved?.completed_at) return;
  let position: Position | null = positionSchema.safeParse(saved?.detail).data ?? (await startListing(context, crm));
  while (position !== null && !signal.aborted) {
    position =
      position.stage === 'listing'
        ? await listPage(context, connector, runId, position)
        : await readMissingPage(context, connector, runId, position);
    const now = clock.now();
    const step = { step: STEP, crm, completedAt: position === null ? now : null, detail: position } as const;
    await saveRunSteps(db, runId, [step], { now });
  }
}

async function startListing({ db, clock }: JobContext, crm: string): Promise<Position> {
  await clearListing(db, crm);
  return { began: clock.now().toISOString(), stage: 'listing', after: null, lastRead: null };
}

/** Returns the next position; null = done. */
async function listPage(
  { db, clock, log, signal }: JobContext,
  connector: CrmConnector,
  runId: number,
  position: Position,
): Promise<Position | null> {
  const crm = connector.id;
  const askedAt = clock.now();
  const page = await connector.listAllRecords?.(position.after, signal);
  if (page === undefined) return null;
  const found = await markDifferingRecords(db, crm, page.current ?? [], { now: clock.now(), askedAt });
  for (const [object, findings] of found) {
    await recordFindings(db, { runId, crm, stream: recordStream(connector, object) }, findings, clock.now());
  }
  await saveListing(db, { crm, runId, refs: page.refs });
  const merged = (page.merged ?? []).map((merge) => ({ kind: 'merged' as const, ...merge }));
  // A merge is stored once; the night repeats it for nothing.
  if (merged.length > 0) await saveFetchedRecords(db, merged, { crm, now: clock.now(), askedAt: clock.now() });
  if (page.after !== null) return { ...position, after: page.after };
  const listing = { crm, startedAt: new Date(position.began) };
  const { known, listed } = await countListed(db, listing);
  if (listed >= known * MIN_LISTED_SHARE) return { ...position, stage: 'reading-missing' };
  const message = `${crm} lists ${listed} of the ${known} stored records. Is it still the same portal?`;
  log.warn({ crm, known, listed }, message);
  await markMissingDirty(db, listing, clock.now());
  await clearListing(db, crm);
  return null;
}

/** Returns the next position; null = done. */
async function readMissingPage(
  context: JobContext,
  connector: CrmConnector,
  runId: number,
  position: Position,
): Promise<Position | null> {
  const { db, clock } = context;
  const crm = connector.id;
  const listing = { crm, startedAt: new Date(position.began) };
  const refs = await pageOfMissing(db, listing, { after: position.lastRead, limit: MISSING_PAGE });
  const last = refs.at(-1);
  if (last === undefined) {
    await clearListing(db, crm);
    return null;
  }
  const wasLive = new Set(refs.filter(({ is_live }) => is_live).map(refKey));
  const deleted: RecordRef[] = [];
  const wanted = refs.map(({ object, id }) => ({ object, id }));
  await runBatches(chunksOf(wanted, connector.batch.read), async (chunk) => {
    const goneBefore = new Date(listing.startedAt.getTime() - GONE_BEFORE_MS);
    const erasable = await goneSince(db, { crm, refs: chunk, before: goneBefore });
    const failing = await readRecords(context, { connector }, chunk, {
      save: async (fetched, askedAt) => {
        const leads = fetched.map((lead) => onlyIfGoneBefore(lead, erasable));
        await saveAndErase(db, leads, { crm, now: clock.now(), askedAt });
        const removed = fetched.filter(
          ({ kind, ref }) => (kind === 'gone' || kind === 'merged') && wasLive.has(refKey(ref)),
        );
        deleted.push(...removed.map(({ ref }) => ref));
      },
    });
    for (const [object, failure] of failing)
      await setAside(context, crm, [{ stream: object, kind: 'records' }], failure);
  });
  for (const [object, removed] of Map.groupBy(deleted, (ref) => ref.object)) {
    const findings = { ...NO_FINDINGS, deleted: removed.length };
    await recordFindings(db, { runId, crm, stream: recordStream(connector, object) }, findings, clock.now());
  }
  return { ...position, lastRead: { object: last.object, id: last.id } };
}

/** The stream that lists the records of the object. */
export function recordStream({ streams }: CrmConnector, object: string): string {
  return streams.find(({ listsObject }) => listsObject === object)?.id ?? object;
}

/** A record that was not gone the night before becomes a tombstone with its data. */
function onlyIfGoneBefore(lead: FetchedLead, goneBefore: ReadonlySet<string>): FetchedLead {
  return lead.kind === 'gone' && lead.erased && !goneBefore.has(refKey(lead.ref)) ? { ...lead, erased: false } : lead;
}
