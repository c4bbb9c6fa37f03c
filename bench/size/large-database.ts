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
import { scoreDue } from '../nightly/product.ts';
import { FIRST, seedLeads } from '../nightly/seed.ts';

const DAY_MS = 86_400_000;
/** Scored by the product; the results of the others are copies. */
const SCORED = 100;
const ACTIVITIES = 3;

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
  const silent = () => undefined;
  const log = { info: silent, warn: console.warn, error: console.error };
  const config = loadConfig({
    DATABASE_URL: databaseUrl,
    HUBSPOT_API_URL: sandbox.url,
    HUBSPOT_ACCESS_TOKEN: sandbox.accessToken,
  });
  const product = await openProduct(config, { clock, log });
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

/** Leads that were scored at `FIRST`, with a record each whose values the CRM holds; nothing is pending. */
export async function seedSized(databaseUrl: string, sandbox: HubSpotSandbox, leads: number): Promise<void> {
  const sized = await openSized(databaseUrl, sandbox, leads);
  // A connection of the product ends a statement after a while.
  const db = new Kysely<Tables>({
    dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: databaseUrl }) }),
  });
  for (const { connector } of sized.context.crms.values()) {
    const target = writeTarget(sized.context.models);
    for await (const _step of connector.applySetup(target, { dryRun: false }, sized.context.signal));
  }
  // The streams are read before the leads are there: a first sync would ask for each of them.
  await sized.run('poll');
  const streams = [...sized.context.crms.values()].flatMap(({ connector }) => connector.streams.map(({ id }) => id));
  await seedLeads(db, { leads, activities: ACTIVITIES, streams });
  await sql`update leadgrade.leads set due_at = null where id > ${SCORED}`.execute(db);
  await onServer(databaseUrl, 'vacuum analyze');
  await scoreDue(sized.context);
  await sql`
    insert into leadgrade.results (lead_id, as_of, model_hash, cause, grade, coverage, fit_score, behavior_score, total, status,
      previous_status, previous_grade, cell, thresholds, contributions, gates)
    select i, as_of - n * interval '30 days', model_hash, cause, grade, coverage, fit_score, behavior_score, total, status,
      previous_status, previous_grade, cell, thresholds, contributions, gates
    from generate_series(1, 0, -1) n cross join generate_series(${SCORED + 1}::bigint, ${leads}::bigint) i
    join leadgrade.results r on r.lead_id = 1 + i % ${SCORED}`.execute(db);
  await sql`
    update leadgrade.leads l
    set result_id = r.id, scored_at = ${FIRST}, next_change_at = ${FIRST}::timestamptz + (1 + l.id % 300) * interval '1 day',
      scoring_inputs_hash = (select inputs_hash from leadgrade.scoring_config)
    from (select lead_id, max(id) as id from leadgrade.results group by lead_id) r
    where r.lead_id = l.id and l.id > ${SCORED}`.execute(db);
  await sql`delete from leadgrade.outbox`.execute(db);
  await db.destroy();
  await sized.close();
  await onServer(databaseUrl, 'vacuum analyze');
}

/** Sets `next_change_at` of this many leads, scattered over all, to `now`; that of the others to later. */
export async function setDecayed({ context: { db }, leads }: SizedProduct, count: number, now: Date): Promise<void> {
  const later = new Date(now.getTime() + 400 * DAY_MS);
  const step = Math.max(1, Math.floor(leads / count));
  await sql`update leadgrade.leads set next_change_at = ${later} where next_change_at <= ${now}`.execute(db);
  const due = Array.from({ length: count }, (_, index) => 1 + index * step);
  await sql`update leadgrade.leads set next_change_at = ${now} where id = any(${due}::bigint[])`.execute(db);
}
