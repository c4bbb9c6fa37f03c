// A migrated store for tests, on PGlite and on Postgres, empty before each of them; and what the CRM would have given.
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { LeadSnapshot, RecordRef, SourcedActivity } from '../../src/domain/crm-changes.ts';
import { type OpenDatabase, openDatabase } from '../../src/store/open-database.ts';
import { BACKENDS, type Backend, type Installation } from '../support/backends.ts';

/** The databases, each once: Redis changes nothing here. */
export const STORES: readonly Backend[] = BACKENDS.filter(({ name }) => !name.includes('redis'));

export const CRM = 'hubspot';

/** An instant of the tests' day, `after` seconds from its noon. */
export function at(after = 0): Date {
  return new Date(Date.UTC(2026, 2, 10, 12) + after * 1_000);
}

/** One database for the tests of a suite; `db` is there when they run. */
export function freshStore({ create }: Backend): Pick<OpenDatabase, 'db'> {
  let installation: Installation | null = null;
  let database: OpenDatabase | null = null;
  const opened = () => {
    if (database === null) throw new Error('The store is opened when the tests begin.');
    return database;
  };
  beforeAll(async () => {
    installation = await create();
    database = await openDatabase({ databaseUrl: installation.env.DATABASE_URL, dataDir: installation.env.DATA_DIR });
  });
  afterAll(async () => {
    await database?.close();
    await installation?.destroy();
  });
  beforeEach(() => emptied(opened()));
  return {
    get db() {
      return opened().db;
    },
  };
}

// Only tables that hold something: truncating one makes its files and those of its indexes anew.
async function emptied({ db }: Pick<OpenDatabase, 'db'>): Promise<void> {
  const { rows: tables } = await sql<{ name: string }>`select format('leadgrade.%I', table_name) as name
    from information_schema.tables where table_schema = 'leadgrade' and table_name not like 'kysely%'`.execute(db);
  const looks = tables.map(
    ({ name }) => sql`select ${sql.lit(name)} as name where exists (select from ${sql.raw(name)})`,
  );
  const { rows: filled } = await sql<{ name: string }>`${sql.join(looks, sql` union all `)}`.execute(db);
  if (filled.length === 0) return;
  await sql`truncate ${sql.join(filled.map(({ name }) => sql.raw(name)))} restart identity cascade`.execute(db);
}

/** As when every record has found its person: nobody is scored before. */
export async function allMatched({ db }: Pick<OpenDatabase, 'db'>): Promise<void> {
  await db.deleteFrom('match_queue').execute();
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
