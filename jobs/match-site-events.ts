// What the team's own site or product told goes into the ledger of whoever did it. Called by every intake and tick: it costs two looks
// into an index where there is nothing to do.

import type { Transaction } from 'kysely';
import { PRIORITY } from '../src/domain/priority.ts';
import { SITE_EVENTS_STREAM } from '../src/domain/site-event.ts';
import { takeActivities } from '../src/store/activities.ts';
import { holdLeadIds } from '../src/store/leads.ts';
import {
  findPeople,
  type MatchedSiteEvent,
  type SiteMatching,
  stillThere,
  wakeByIdentities,
} from '../src/store/match-site-events.ts';
import { forgetSiteEvents, nextLookAt, noteSiteEventsTaken } from '../src/store/site-events.ts';
import type { Tables } from '../src/store/tables.ts';
import type { JobContext } from './context.ts';

/** Events, or identities, a transaction. */
const CHUNK = 1_000;
/** Who waits for longer is found by the tick. */
const SOON_MS = 60_000;

type MatchContext = Pick<JobContext, 'db' | 'clock' | 'people' | 'quietMs' | 'signal' | 'log' | 'ring'>;

/** Gives events to the records of the people who did them, forgets those for whom nobody turned up, and rings for the scoring. */
export async function matchSiteEvents(context: MatchContext): Promise<void> {
  const { db, clock, signal, log } = context;
  while (!signal.aborted && (await wakeByIdentities(db, CHUNK, clock.now())) === CHUNK);
  let taken = 0;
  for (let looked = CHUNK; looked === CHUNK && !signal.aborted; ) {
    const chunk = await takeChunk(context);
    looked = chunk.looked;
    taken += chunk.taken;
  }
  const forgotten = await forgetSiteEvents(db, clock.now());
  if (forgotten > 0)
    log.info({ events: forgotten }, 'events of a site were dropped: their person did not appear in time');
  if (taken > 0) await context.ring('score', {});
  // Whose person has only just appeared in the CRM is looked at again in a moment, not at the next tick.
  const next = await nextLookAt(db);
  if (next === null) return;
  const delayMs = next.getTime() - clock.now().getTime();
  if (delayMs < SOON_MS) await context.ring('intake', {}, { delayMs: Math.max(1_000, delayMs) });
}

async function takeChunk({ db, clock, people, quietMs }: MatchContext): Promise<{ looked: number; taken: number }> {
  const { shared_inboxes, most_records } = people.match;
  const now = clock.now();
  const matching: SiteMatching = {
    limit: CHUNK,
    now,
    sharedInboxes: shared_inboxes.map((inbox) => inbox.toLowerCase()),
    mostRecords: most_records,
  };
  return db.transaction().execute(async (tx) => {
    const { looked, found } = await findPeople(tx, matching);
    // All at once: CRM by CRM, two who want the same might wait for each other.
    await holdLeadIds(
      tx,
      found.map(({ leadId }) => leadId),
    );
    // The others are looked at again, as they still are to be.
    const there = await stillThere(tx, found);
    for (const [crm, events] of Map.groupBy(there, (event) => event.crm)) await take(tx, crm, events, { now, quietMs });
    await noteSiteEventsTaken(tx, there, now);
    return { looked, taken: there.length };
  });
}

async function take(
  tx: Transaction<Tables>,
  crm: string,
  events: readonly MatchedSiteEvent[],
  { now, quietMs }: { now: Date; quietMs: number },
): Promise<void> {
  const activities = events.map(({ source, messageId, type, attributes, at, object, id }) => {
    return { ref: { object, id }, id: `event:${source}:${messageId}`, type, at, attributes };
  });
  const manner = { priority: PRIORITY.activity, quietMs };
  await takeActivities(tx, activities, { crm, stream: SITE_EVENTS_STREAM, now, pass: null, ...manner });
}
