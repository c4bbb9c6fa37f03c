// Compares whom a CRM has with whom we know: a deletion moves no modification time, so that only a listing of all shows it. Whoever
// is not listed is asked for by id, and so is everybody who was deleted: restored meanwhile, or erased for good. The place
// reached is kept in the run, so that a killed night goes on where it was.
import { z } from 'zod';
import type { CrmConnector } from '../../src/crm/connector.ts';
import { chunksOf } from '../../src/domain/chunks.ts';
import { saveFetchedRecords } from '../../src/store/records/save-fetched.ts';
import {
  clearListing,
  countListed,
  markMissingDirty,
  pageOfMissing,
  saveListing,
} from '../../src/store/records/seen-in-crm.ts';
import { claimAccount } from '../../src/store/sync/crm-accounts.ts';
import { activePause } from '../../src/store/sync/crm-pauses.ts';
import { findRun, mergeRunProgress } from '../../src/store/sync/runs.ts';
import type { JobContext } from '../context.ts';
import { pauseOnFailure } from '../failure-policy.ts';
import { runBatches } from '../run-batches.ts';
import { fetchAccount } from './account-check.ts';

const placeSchema = z.object({
  /** When the listing began (ISO). */
  began: z.string(),
  step: z.enum(['listing', 'asking', 'done']),
  /** Of the listing: where its next page begins. */
  after: z.string().nullable(),
  /** Of the asking: whom it has come to. */
  asked: z.object({ object: z.string(), id: z.string() }).nullable(),
});
type Place = z.infer<typeof placeSchema>;

// Finding them walks all records: many at a time.
const DOUBTFUL_PAGE = 5_000;

// A portal loses few of its contacts in a day. A listing that shows less than this of those we know is not to be trusted: what
// it does not have must not be erased here.
const SAME_PORTAL = 0.5;

export async function reconcileDeletions(context: JobContext, crm: string, run: number): Promise<void> {
  const connector = context.crms.get(crm)?.connector;
  if (!connector?.listAllRecords || (await activePause(context.db, crm, 'read', context.clock.now()))) return;
  // What is missed tonight is compared tomorrow: nothing to ring for.
  await pauseOnFailure(
    context,
    { crm, direction: 'read' },
    () => walk(context, connector, run),
    async () => {},
  );
}

async function walk(context: JobContext, connector: CrmConnector, run: number): Promise<void> {
  const { db, clock, signal, log } = context;
  const crm = connector.id;
  const account = await fetchAccount(connector, signal);
  // Whoever is not in another account is not gone for it, and nobody there is one of ours, even under the same id.
  if (account !== null && (await claimAccount(db, { crm, account: account.id }, clock.now())) !== account.id) {
    log.warn({ crm, account: account.id }, `${account.name} is of another account than the records that are known.`);
    return;
  }
  let place = await placeReached(context, crm, run);
  if (place === null) {
    await clearListing(db, crm);
    place = { began: clock.now().toISOString(), step: 'listing', after: null, asked: null };
  }
  while (place.step !== 'done' && !signal.aborted) {
    place =
      place.step === 'listing'
        ? await listOne(context, connector, run, place)
        : await askOne(context, connector, place);
    await mergeRunProgress(db, run, { [`present ${crm}`]: place }, clock.now());
  }
}

async function listOne(context: JobContext, connector: CrmConnector, run: number, place: Place): Promise<Place> {
  const { db, clock, log } = context;
  const crm = connector.id;
  const page = await connector.listAllRecords?.(place.after, context.signal);
  if (page === undefined) return { ...place, step: 'done' };
  await saveListing(db, { crm, run, refs: page.refs });
  if (page.after !== null) return { ...place, after: page.after };
  const listing = { crm, began: new Date(place.began) };
  const { known, listed } = await countListed(db, listing);
  if (listed >= known * SAME_PORTAL) return { ...place, step: 'asking' };
  log.warn(
    { crm, known, listed },
    `${crm} shows ${listed} of the ${known} records that are known. Is it still the same portal?`,
  );
  await markMissingDirty(db, listing, clock.now());
  await clearListing(db, crm);
  return { ...place, step: 'done' };
}

async function askOne({ db, clock, signal }: JobContext, connector: CrmConnector, place: Place): Promise<Place> {
  const crm = connector.id;
  const listing = { crm, began: new Date(place.began) };
  const refs = await pageOfMissing(db, listing, { after: place.asked, limit: DOUBTFUL_PAGE });
  const last = refs.at(-1);
  if (last === undefined) {
    await clearListing(db, crm);
    return { ...place, step: 'done' };
  }
  await runBatches(chunksOf(refs, connector.batch.read), async (chunk) => {
    const askedAt = clock.now();
    const fetched = await connector.fetchLeads(chunk, signal);
    await saveFetchedRecords(db, fetched, { crm, now: clock.now(), askedAt, erases: true });
  });
  return { ...place, asked: { object: last.object, id: last.id } };
}

async function placeReached({ db }: JobContext, crm: string, run: number): Promise<Place | null> {
  const progress = (await findRun(db, run))?.progress ?? {};
  return placeSchema.safeParse(progress[`present ${crm}`]).data ?? null;
}
