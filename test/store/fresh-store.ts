// A migrated store for tests, on PGlite and on Postgres, empty before each test; and sample data of
// a CRM.
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { LeadSnapshot, RecordRef, SourcedActivity } from '../../src/domain/crm-changes.ts';
import { saveActivities } from '../../src/store/activities/activities.ts';
import { type LockedLeads, withLockedLeads } from '../../src/store/leads/lock-leads.ts';
import type { OpenDatabase } from '../../src/store/open-database.ts';
import { saveSnapshots } from '../../src/store/records/save-snapshots.ts';
import { type Backend, type Installation, openDatabaseOf } from '../support/backends.ts';

/** Each database once: the store does not use Redis. */

export const CRM = 'hubspot';

/** An instant of the test day, `after` seconds from noon. */
export function at(after = 0): Date {
  return new Date(Date.UTC(2026, 2, 10, 12) + after * 1_000);
}

/** Of a scoring chunk whose leads have no activities. */
export const NO_ACTIVITIES = { types: [], stateVersion: 'states', asOf: at() };

export type Store = Pick<OpenDatabase, 'db'>;

/** One database for all tests of a suite; `db` is available when they run. */
export function freshStore({ create }: Backend): Store {
  let installation: Installation | null = null;
  let database: OpenDatabase | null = null;
  const opened = () => {
    if (database === null) throw new Error('The store is opened when the tests begin.');
    return database;
  };
  beforeAll(async () => {
    installation = await create();
    database = await openDatabaseOf(installation.env);
  });
  afterAll(async () => {
    await database?.close();
    await installation?.destroy();
  });
  beforeEach(() => truncateAll(opened()));
  return {
    get db() {
      return opened().db;
    },
  };
}

// Only tables with rows: truncating a table creates new files for it and its indexes.
async function truncateAll({ db }: Store): Promise<void> {
  const { rows: tables } = await sql<{ name: string }>`select format('leadgrade.%I', table_name) as name
    from information_schema.tables where table_schema = 'leadgrade' and table_name not like 'kysely%'`.execute(db);
  const checks = tables.map(
    ({ name }) => sql`select ${sql.lit(name)} as name where exists (select from ${sql.raw(name)})`,
  );
  const { rows: filled } = await sql<{ name: string }>`${sql.join(checks, sql` union all `)}`.execute(db);
  if (filled.length === 0) return;
  await sql`truncate ${sql.join(filled.map(({ name }) => sql.raw(name)))} restart identity cascade`.execute(db);
}

/** Empties the match queue: a lead with a queued record is not scored. */
export async function allMatched({ db }: Store): Promise<void> {
  await db.deleteFrom('match_queue').execute();
}

/** Runs `work` in a transaction that holds the leads of these records. */
export function inLocked<T>(
  { db }: Store,
  refs: readonly RecordRef[],
  work: (locked: LockedLeads) => Promise<T>,
  crm = CRM,
): Promise<T> {
  return db.transaction().execute((tx) => withLockedLeads(tx, crm, refs, work));
}

/** Saves records as read at `now`; the request was sent at `askedAt`. */
export function saveRead(
  store: Store,
  snapshots: readonly LeadSnapshot[],
  { crm = CRM, now = at(), askedAt = now }: { crm?: string; now?: Date; askedAt?: Date } = {},
): Promise<void> {
  const refs = snapshots.map((read) => read.ref);
  return inLocked(store, refs, (locked) => saveSnapshots(locked, snapshots, { crm, now, askedAt }), crm);
}

/** Saves activities as listed by an incremental sync of the stream. */
export async function saveListed(
  store: Store,
  activities: readonly SourcedActivity[],
  { crm = CRM, stream = 'page_views', now = at(), ...options }: Partial<Parameters<typeof saveActivities>[2]> = {},
): Promise<void> {
  const refs = activities.map((listed) => listed.ref);
  const all = { crm, stream, now, fullSyncRunId: null, ...options };
  await inLocked(store, refs, (locked) => saveActivities(locked, activities, all), crm);
}

export function ref(id: string): RecordRef {
  return { object: 'contacts', id };
}

export function snapshot(id: string, changes: Partial<LeadSnapshot> = {}): LeadSnapshot {
  return {
    kind: 'lead',
    ref: ref(id),
    fields: { 'contact.job_title': 'VP Sales' },
    crmValues: {},
    modifiedAt: at(-60).toISOString(),
    companyId: null,
    problems: [],
    outcomes: [],
    ...changes,
  };
}

export function activity(contact: string, id: string, changes: Partial<SourcedActivity> = {}): SourcedActivity {
  const attributes = { path: '/pricing' };
  return { ref: ref(contact), id, type: 'page_view', at: at(-3_600).getTime(), attributes, ...changes };
}
