// What runs all day over a large database, each step with the same amount of work at every size.
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { processInbox } from '../../jobs/ingest/process-inbox.ts';
import { refreshRecords } from '../../jobs/read/refresh-records.ts';
import { purgeOldRows } from '../../jobs/schedule/purge-old-rows.ts';
import { matchPeople } from '../../jobs/score/match-people.ts';
import { PRIORITY } from '../../src/domain/priority.ts';
import { enqueueForMatching } from '../../src/store/identity/match-queue.ts';
import { insertInboxEvents } from '../../src/store/inbox/inbox.ts';
import { withLockedLeads } from '../../src/store/leads/lock-leads.ts';
import { countByScore, markDueByThreshold } from '../../src/store/leads/ranked-leads.ts';
import { listErrors } from '../../src/store/leads/record-errors.ts';
import {
  analyzeBacklog,
  claimOutbox,
  countWritable,
  markWritten,
  releaseOutbox,
} from '../../src/store/outbox/outbox.ts';
import { findKnownActivities } from '../../src/store/reconcile/known-activities.ts';
import { markDifferingRecords } from '../../src/store/reconcile/mark-differing-records.ts';
import { markDirty } from '../../src/store/records/mark-dirty.ts';
import { leadCount, tableSizes } from '../../src/store/retention/table-sizes.ts';
import { saveSiteEvents } from '../../src/store/site-events/save-site-events.ts';
import { pendingWork } from '../../src/store/sync/pending-work.ts';
import { createMetrics } from '../../web/http/metrics.ts';
import { confirmWrites, scoreNight } from '../nightly/product.ts';
import { type SizedProduct, setDecayed } from './large-database.ts';

/** Records, events or leads of a step. */
const COUNT = 300;

/** Statements of the benchmark's own, before the steps. */
export async function prepareSteps(sized: SizedProduct): Promise<void> {
  await setDecayed(sized, COUNT, sized.context.clock.now());
}

export const STEPS: Readonly<Record<string, (sized: SizedProduct) => Promise<unknown>>> = {
  'idle poll': (sized) => sized.run('poll'),
  'decay night': async ({ context }) => {
    await scoreNight(context);
    await confirmWrites(context);
  },
  'webhook events': async (sized) => {
    const { db, clock } = sized.context;
    const now = clock.now();
    const events = refsOf(sized).map(({ id, object }) => {
      return {
        key: randomUUID(),
        account: '',
        kind: 'record' as const,
        object,
        id,
        priority: PRIORITY.change,
        occurredAt: null,
      };
    });
    await insertInboxEvents(db, 'hubspot', events, now);
    await processInbox({ ...sized.context, enqueue: async () => undefined });
  },
  'dirty records': (sized) => refreshDirty(sized, 7),
  'people to match': async (sized) => {
    const { context } = sized;
    const refs = refsOf(sized, 11);
    await context.db.transaction().execute((tx) => enqueueForMatching(tx, 'hubspot', refs));
    await matchPeople(context);
  },
  'site events': async (sized) => {
    const { db, clock } = sized.context;
    const at = clock.now();
    const events = leadsOf(sized, 13).map((lead) => ({
      messageId: randomUUID(),
      type: 'page_view',
      attributes: { path: '/pricing' },
      at: at.getTime(),
      userKey: null,
      anonymousKey: null,
      email: `person${lead}@company${Math.floor(lead / 7)}.example`,
      record: null,
    }));
    await saveSiteEvents(db, { source: 'bench', events, identities: [] }, at);
    await sized.run('match-site-events');
  },
  'metrics and doctor': async ({ context: { db, clock } }) => {
    const crms = ['hubspot'];
    await createMetrics({ db, clock, crms }).registry.metrics();
    await pendingWork(db, clock.now(), crms);
    await tableSizes(db);
    await leadCount(db);
    await listErrors(db, { after: 0, limit: 100 });
  },
  'listing of the CRM': async (sized) => {
    const { db, clock } = sized.context;
    const now = clock.now();
    const listed = refsOf(sized, 17).map((ref) => ({
      ref,
      fields: {},
      crmValues: {},
      modifiedAt: now.toISOString(),
    }));
    await markDifferingRecords(db, 'hubspot', listed, { now, askedAt: now });
    const stream = { crm: 'hubspot', stream: 'page_views' };
    await findKnownActivities(
      db,
      stream,
      listed.map(({ ref }) => `view:${ref.id}`),
    );
  },
  purge: ({ context }) => purgeOldRows(context),
  // They are the same for all leads: no lead is marked.
  thresholds: async ({ context: { db, clock } }) => {
    await countByScore(db, { basis: 'total', model: null }, 'inputs');
    const unmoved = { from: 50, to: 50, hysteresis: 0, inside: [], cause: 'threshold' };
    await markDueByThreshold(db, { basis: 'total', model: null }, unmoved, clock.now());
  },
  // The outbox has no statistics yet: it was empty until now.
  'backlog of writes': async (sized) => {
    const { db, clock } = sized.context;
    const now = clock.now();
    await sql`/* bench */
      insert into leadgrade.outbox (crm, object, record_id, patch, queued_at, priority)
      select crm, object, id, '{}', ${now}, ${PRIORITY.decay} from leadgrade.records where lead_id % 10 = 9`.execute(
      db,
    );
    await refreshDirty(sized, 19);
    const until = new Date(now.getTime() + 60_000);
    const claim = { crm: 'hubspot', object: 'contacts', by: 'bench', limit: COUNT, now, until };
    await analyzeBacklog(db);
    await countWritable(db, 'hubspot', now, COUNT);
    await pendingWork(db, now, ['hubspot']);
    await releaseOutbox(db, 'hubspot', await claimOutbox(db, claim), null);
    const rows = (await claimOutbox(db, claim)).map((row) => ({ ...row, modifiedAt: null }));
    await db
      .transaction()
      .execute((tx) => withLockedLeads(tx, 'hubspot', rows, (locked) => markWritten(locked, 'hubspot', rows, now)));
    await sql`/* bench */ delete from leadgrade.outbox`.execute(db);
  },
};

async function refreshDirty(sized: SizedProduct, start: number): Promise<void> {
  const { context } = sized;
  const refs = refsOf(sized, start);
  const dirty = refs.map((ref) => ({ ref }));
  await context.db
    .transaction()
    .execute((tx) =>
      withLockedLeads(tx, 'hubspot', refs, (locked) => markDirty(locked, 'hubspot', dirty, context.clock.now())),
    );
  await refreshRecords({ ...context, enqueue: async () => undefined }, { crm: 'hubspot' });
}

function leadsOf({ leads }: SizedProduct, start = 1): readonly number[] {
  const step = Math.floor((leads - start) / COUNT);
  return Array.from({ length: COUNT }, (_, index) => start + index * step);
}

function refsOf(sized: SizedProduct, start = 1) {
  return leadsOf(sized, start).map((lead) => ({ object: 'contacts', id: String(1_000_000_000 + lead) }));
}
