// What the team's own site or product told goes into the ledger of whoever did it. Rung for by the door that stores it and by every tick, and part of every scoring:
// where there is nothing to do it costs two statements, and the job three more that forget, each of which looks into an index.
import type { Transaction } from 'kysely';
import { PRIORITY } from '../../src/domain/priority.ts';
import { SITE_EVENTS_STREAM } from '../../src/domain/site-event.ts';
import { saveActivities } from '../../src/store/activities/activities.ts';
import { lockLeads } from '../../src/store/leads/mark-due.ts';
import {
  type MatchedSiteEvent,
  resolvePeople,
  type SiteMatching,
  stillLive,
} from '../../src/store/site-events/match-site-events.ts';
import { requeueByIdentity } from '../../src/store/site-events/requeue-site-events.ts';
import { markSiteEventsAssigned, purgeSiteEvents } from '../../src/store/site-events/retention.ts';
import type { Tables } from '../../src/store/tables/tables.ts';
import type { JobContext } from '../context.ts';

/** Events, or identities, a transaction. */
const CHUNK = 1_000;
/** Chunks in a run: with many that wait, those who call are not kept waiting for their end. */
const MOST_CHUNKS = 5;

type MatchContext = Pick<JobContext, 'db' | 'clock' | 'people' | 'debounceMs' | 'signal' | 'log' | 'enqueue'>;

/** Gives events to the records of the people who did them, forgets those for whom nobody turned up, and rings for the scoring. */
export async function matchSiteEvents(context: MatchContext): Promise<void> {
  const { db, clock, log } = context;
  const taken = await assignSiteEvents(context);
  const forgotten = await purgeSiteEvents(db, clock.now());
  if (forgotten > 0)
    log.info({ events: forgotten }, 'events of a site were dropped: their person did not appear in time');
  if (taken > 0) await context.enqueue('score-leads', {});
}

/**
 * Gives events to the records of the people who did them, whose leads become due. Those that are left for another run are rung for.
 * @returns how many
 */
export async function assignSiteEvents(context: MatchContext): Promise<number> {
  const { db, clock, signal } = context;
  let given = 0;
  for (let chunk = 0; chunk < MOST_CHUNKS; chunk++) {
    if (signal.aborted) return given;
    const learned = await requeueByIdentity(db, CHUNK, clock.now());
    const { looked, taken } = await takeChunk(context);
    given += taken;
    if (learned < CHUNK && looked < CHUNK) return given;
  }
  await context.enqueue('match-site-events', {});
  return given;
}

async function takeChunk({ db, clock, people, debounceMs }: MatchContext): Promise<{ looked: number; taken: number }> {
  const { shared_inboxes, most_records } = people.match;
  const now = clock.now();
  const matching: SiteMatching = {
    limit: CHUNK,
    now,
    sharedInboxes: shared_inboxes.map((inbox) => inbox.toLowerCase()),
    mostRecords: most_records,
  };
  return db.transaction().execute(async (tx) => {
    const { looked, found } = await resolvePeople(tx, matching);
    // All at once: CRM by CRM, two who want the same might wait for each other.
    await lockLeads(
      tx,
      found.map(({ leadId }) => leadId),
    );
    // The others are looked at again, as they still are to be.
    const there = await stillLive(tx, found);
    for (const [crm, events] of Map.groupBy(there, (event) => event.crm))
      await take(tx, crm, events, { now, debounceMs });
    await markSiteEventsAssigned(tx, there, now);
    return { looked, taken: there.length };
  });
}

async function take(
  tx: Transaction<Tables>,
  crm: string,
  events: readonly MatchedSiteEvent[],
  { now, debounceMs }: { now: Date; debounceMs: number },
): Promise<void> {
  const activities = events.map(({ source, messageId, type, attributes, at, object, id }) => {
    return { ref: { object, id }, id: `event:${source}:${messageId}`, type, at, attributes };
  });
  const manner = { priority: PRIORITY.activity, debounceMs };
  await saveActivities(tx, activities, { crm, stream: SITE_EVENTS_STREAM, now, fullSyncRunId: null, ...manner });
}
