// Assigns site events (`POST /events`) to the records of their people, as activities. Enqueued by
// the HTTP endpoint that stores them and by every poll, and a step of every scoring. Without
// pending events it costs three statements; the job adds three purge statements, each an index
// lookup.
import type { Transaction } from 'kysely';
import { PRIORITY } from '../../src/domain/priority.ts';
import { SITE, SITE_EVENTS_STREAM } from '../../src/domain/site-event.ts';
import { namesDiffer } from '../../src/people/names.ts';
import { inboxKeys } from '../../src/people/shared-inbox.ts';
import { saveActivities } from '../../src/store/activities/activities.ts';
import { type LockedLeads, withLockedLeadIds } from '../../src/store/leads/lock-leads.ts';
import { processApart } from '../../src/store/process-apart.ts';
import {
  claimSiteEvents,
  type MatchedSiteEvent,
  resolvePeople,
  type SiteEventKey,
  type SiteMatching,
  stillLive,
} from '../../src/store/site-events/match-site-events.ts';
import { requeueByIdentity } from '../../src/store/site-events/requeue-site-events.ts';
import { markSiteEventsAssigned, purgeSiteEvents } from '../../src/store/site-events/retention.ts';
import { clearEvents, requeueSetAside, setEventsAside } from '../../src/store/site-events/set-aside-events.ts';
import type { Tables } from '../../src/store/tables/tables.ts';
import type { JobContext } from '../context.ts';
import { logRecovered, logSetAside } from '../failures/set-aside.ts';

/** Events, or identities, per transaction. */
const CHUNK = 1_000;
/** Chunks per call: callers do not wait for the end of a long backlog. */
const MAX_CHUNKS = 5;

type MatchContext = Pick<JobContext, 'db' | 'clock' | 'people' | 'debounceMs' | 'signal' | 'log' | 'enqueue'>;

/** Assigns events, purges those whose person did not appear in time, and enqueues the scoring. */
export async function matchSiteEvents(context: MatchContext): Promise<void> {
  const { db, clock, log } = context;
  const assigned = await assignSiteEvents(context);
  const purged = await purgeSiteEvents(db, clock.now());
  if (purged > 0) log.info({ events: purged }, 'site events purged: their person did not appear in time');
  if (assigned > 0) await context.enqueue('score-leads', {});
}

/**
 * Assigns events to the records of their people, whose leads become due. Enqueues the job for
 * events that are left.
 * @returns the number of assigned events
 */
export async function assignSiteEvents(context: MatchContext): Promise<number> {
  const { db, clock, signal } = context;
  let total = 0;
  await requeueSetAside(db, clock.now());
  for (let chunk = 0; chunk < MAX_CHUNKS; chunk++) {
    if (signal.aborted) return total;
    const requeued = await requeueByIdentity(db, CHUNK, clock.now());
    const { looked, assigned } = await assignChunk(context);
    total += assigned;
    if (requeued < CHUNK && looked < CHUNK) return total;
  }
  await context.enqueue('match-site-events', {});
  return total;
}

/** A chunk that fails is halved down to the event, which is set aside. */
async function assignChunk(context: MatchContext): Promise<{ looked: number; assigned: number }> {
  const { db, clock } = context;
  const claimed: SiteEventKey[] = [];
  let assigned = 0;
  const assign = async (only?: readonly SiteEventKey[]) => {
    const { done, recovered } = await db.transaction().execute(async (tx) => {
      const keys = await claimSiteEvents(tx, { limit: CHUNK, now: clock.now(), only });
      if (only === undefined) claimed.push(...keys);
      return { done: await assignEvents(tx, keys, context), recovered: await clearEvents(tx, keys) };
    });
    assigned += done;
    logRecovered(context, SITE, recovered);
  };
  try {
    await assign();
  } catch (error) {
    const failed = await processApart(claimed, error, assign);
    logSetAside(context, SITE, await setEventsAside(db, failed, clock.now()));
  }
  return { looked: claimed.length, assigned };
}

/** @returns the number of events that became activities */
async function assignEvents(
  tx: Transaction<Tables>,
  keys: readonly SiteEventKey[],
  { clock, people, debounceMs }: MatchContext,
): Promise<number> {
  const { shared_inboxes, max_records, plus_tags } = people.match;
  const now = clock.now();
  const matching: SiteMatching = {
    now,
    sharedInboxes: [...inboxKeys(shared_inboxes)],
    maxRecords: max_records,
    ignoresTags: plus_tags === 'same',
    isOnePerson: (names) => names.every((name) => !names.some((other) => namesDiffer(name, other))),
  };
  const found = await resolvePeople(tx, keys, matching);
  // Lock all leads at once: locking them per CRM could deadlock with another transaction.
  const leadIds = found.map(({ leadId }) => leadId);
  return withLockedLeadIds(tx, leadIds, async (locked) => {
    // Events of a record that was merged or deleted meanwhile stay pending and are matched again.
    const live = await stillLive(locked, found);
    for (const [crm, events] of Map.groupBy(live, (event) => event.crm))
      await saveAsActivities(locked, crm, events, { now, debounceMs });
    await markSiteEventsAssigned(tx, live, now);
    return live.length;
  });
}

async function saveAsActivities(
  locked: LockedLeads,
  crm: string,
  events: readonly MatchedSiteEvent[],
  { now, debounceMs }: { now: Date; debounceMs: number },
): Promise<void> {
  const activities = events.map(({ source, messageId, type, attributes, at, object, id }) => {
    return { ref: { object, id }, id: `event:${source}:${messageId}`, type, at, attributes };
  });
  const due = { priority: PRIORITY.activity, debounceMs };
  await saveActivities(locked, activities, { crm, stream: SITE_EVENTS_STREAM, now, fullSyncRunId: null, ...due });
}
