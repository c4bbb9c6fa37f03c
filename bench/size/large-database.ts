// A database with many leads that were scored and read, made by SQL, and the product over it beside an empty sandbox CRM.
import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { loadConfig } from '../../cli/product/config.ts';
import { openProduct } from '../../cli/product/open-product.ts';
import { writeTarget } from '../../cli/setup/write-target.ts';
import type { JobContext } from '../../jobs/context.ts';
import { executeJob } from '../../jobs/queue/worker.ts';
import { type HubSpotSandbox, startHubSpotSandbox } from '../../sandbox/hubspot/start.ts';
import type { Tables } from '../../src/store/tables/tables.ts';
import { onServer } from '../../test/support/servers.ts';
import { benchLog } from '../measuring/bench-log.ts';
import { scoreDue } from '../nightly/product.ts';
import { FIRST, seedLeads, seedRecords } from '../nightly/seed.ts';

const DAY_MS = 86_400_000;
/** Scored by the product; the results and states of the others are copies. */
const SCORED = 100;
/** The results of a copy are a month apart. */
const RESULTS = 2;
/** The tables with rows for each lead. */
const FILLED = ['leads', 'records', 'record_addresses', 'activities', 'results', 'lead_states'];

export interface SizedProduct {
  readonly context: JobContext;
  readonly leads: number;
  /** Runs a job and all that it enqueues. */
  run(job: Parameters<typeof executeJob>[1], payload?: object): Promise<void>;
  setTime(now: Date): void;
  close(): Promise<void>;
}

/** The clock of all products and of the sandbox: it goes on, as a rate limit needs. */
let offsetMs = FIRST.getTime() - Date.now();
const clock = { now: () => new Date(Date.now() + offsetMs) };

export function emptySandbox(): Promise<HubSpotSandbox> {
  const dataset = { companies: [], people: [], activities: [], opportunities: [] };
  return startHubSpotSandbox({ port: 0, dataset, clock });
}

export async function openSized(databaseUrl: string, sandbox: HubSpotSandbox, leads: number): Promise<SizedProduct> {
  const config = loadConfig({
    DATABASE_URL: databaseUrl,
    HUBSPOT_API_URL: sandbox.url,
    HUBSPOT_ACCESS_TOKEN: sandbox.accessToken,
  });
  const product = await openProduct(config, { clock, log: benchLog });
  const waiting: { job: Parameters<typeof executeJob>[1]; payload: object }[] = [];
  const enqueue: JobContext['enqueue'] = async (job, payload, { delayMs = 0 } = {}) => {
    const isKnown = waiting.some(
      (each) => each.job === job && JSON.stringify(each.payload) === JSON.stringify(payload),
    );
    if (delayMs === 0 && !isKnown) waiting.push({ job, payload });
  };
  const context = { ...product.context, enqueue };
  return {
    context,
    leads,
    run: async (job, payload = {}) => {
      await executeJob(context, job, payload);
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        await executeJob(context, next.job, next.payload);
      }
    },
    setTime: (now) => {
      offsetMs = now.getTime() - Date.now();
    },
    close: product.close,
  };
}

interface Size {
  readonly leads: number;
  /** Of each lead. */
  readonly activities: number;
}

/** Leads that were scored at `FIRST`, with a record each whose values the CRM holds; nothing is pending. */
export async function seedSized(
  databaseUrl: string,
  sandbox: HubSpotSandbox,
  { leads, activities }: Size,
): Promise<void> {
  const sized = await openSized(databaseUrl, sandbox, leads);
  for (const { connector } of sized.context.crms.values()) {
    const target = writeTarget(sized.context.models);
    for await (const _step of connector.applySetup(target, { dryRun: false }, sized.context.signal));
  }
  // The streams are read before the leads are there: a first sync would ask for each of them.
  await sized.run('poll');
  const streams = [...sized.context.crms.values()].flatMap(({ connector }) => connector.streams.map(({ id }) => id));
  await seedLeads(sized.context.db, { leads: SCORED, activities, streams });
  await onServer(databaseUrl, 'vacuum analyze');
  await scoreDue(sized.context);
  await sql`delete from leadgrade.outbox`.execute(sized.context.db);
  await withFastInserts(databaseUrl, (db) => copyLeads(db, { leads, activities, streams }));
  await sized.close();
  await onServer(databaseUrl, 'vacuum analyze');
}

/** The leads behind the scored ones, each as one of them. */
async function copyLeads(
  db: Kysely<Tables>,
  { leads, activities, streams }: Size & { readonly streams: readonly string[] },
): Promise<void> {
  const copies = sql`generate_series(${SCORED + 1}::bigint, ${leads}::bigint) i`;
  await seedRecords(db, { leads: leads - SCORED, activities, streams }, SCORED + 1);
  const firstId = sql`${RESULTS}::bigint * (i - 1)`;
  await sql`
    insert into leadgrade.results (id, lead_id, as_of, model_hash, cause, grade, coverage, fit_score, behavior_score, total, status,
      previous_status, previous_grade, cell, thresholds, contributions, gates)
    select ${firstId} + n, i, as_of - (${RESULTS} - n) * interval '30 days', model_hash, cause, grade, coverage, fit_score, behavior_score, total, status,
      previous_status, previous_grade, cell, thresholds, contributions, gates
    from generate_series(1, ${RESULTS}::integer) n cross join ${copies}
    join leadgrade.results r on r.lead_id = 1 + i % ${SCORED} and r.id <= ${SCORED}`.execute(db);
  await sql`select setval(pg_get_serial_sequence('leadgrade.results', 'id'), ${RESULTS * leads})`.execute(db);
  await sql`
    insert into leadgrade.leads (id, created_at, result_id, scored_at, next_change_at, scoring_inputs_hash)
    select i, ${FIRST}, ${firstId} + ${RESULTS}, ${FIRST}, ${FIRST}::timestamptz + (1 + i % 300) * interval '1 day', inputs_hash
    from ${copies} cross join leadgrade.scoring_config`.execute(db);
  await sql`select setval(pg_get_serial_sequence('leadgrade.leads', 'id'), ${leads})`.execute(db);
  await sql`
    insert into leadgrade.lead_states (lead_id, version, valid_from, state)
    select i, version, valid_from, state from ${copies} join leadgrade.lead_states s on s.lead_id = 1 + i % ${SCORED}`.execute(
    db,
  );
}

/** A connection without time limits and foreign keys; indexes are made after the rows. */
async function withFastInserts(databaseUrl: string, insert: (db: Kysely<Tables>) => Promise<void>): Promise<void> {
  const options = '-c session_replication_role=replica -c synchronous_commit=off -c maintenance_work_mem=512MB';
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1, options });
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const { rows: indexes } = await sql<{ name: string; definition: string }>`
    select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition
    from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'leadgrade' and c.relname = any(${FILLED}::text[])
      and not exists (select from pg_constraint where conindid = i.indexrelid)`.execute(db);
  for (const { name } of indexes) await sql.raw(`drop index ${name}`).execute(db);
  await insert(db);
  for (const { definition } of indexes) await sql.raw(definition).execute(db);
  await db.destroy();
}

/** Sets `next_change_at` of this many leads, scattered over all, to `now`; that of the others to later. */
export async function setDecayed({ context: { db }, leads }: SizedProduct, count: number, now: Date): Promise<void> {
  const later = new Date(now.getTime() + 400 * DAY_MS);
  const step = Math.max(1, Math.floor(leads / count));
  await sql`update leadgrade.leads set next_change_at = ${later} where next_change_at <= ${now}`.execute(db);
  const due = Array.from({ length: count }, (_, index) => 1 + index * step);
  await sql`update leadgrade.leads set next_change_at = ${now} where id = any(${due}::bigint[])`.execute(db);
}
