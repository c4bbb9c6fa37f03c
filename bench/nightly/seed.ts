// The data of the benchmark, made by SQL: the same leads on every run and machine, and none of them in the memory of Node.
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Tables } from '../../src/store/tables/tables.ts';

/** The instant of the first scoring. */
export const FIRST = new Date(Date.UTC(2026, 10, 22, 2));

const TYPES = [
  'page_view',
  'page_view',
  'page_view',
  'email_open',
  'email_delivered',
  'email_click',
  'form_submission',
];
/** Of each type. */
const STREAMS = [
  ...['page_views', 'page_views', 'page_views'],
  ...['marketing_emails', 'marketing_emails', 'marketing_emails'],
  'form_submissions',
];
const PATHS = ['/pricing', '/', '/blog/post', '/case-studies/acme', '/security', '/docs/start'];
const FORMS = ['Newsletter', 'Demo request'];
const TITLES = ['VP, Sales', 'Marketing Manager', 'Student', 'Software Engineer', 'Director of Operations', 'Analyst'];
const INDUSTRIES = ['Software', 'Banking', 'Agriculture'];
const COUNTRIES = ['US', 'DE', 'IN'];
const TECHNOLOGIES = ['slack', 'hubspot', 'jira'];

/** A number below `choices` that depends on the lead and the topic alone. */
function below(lead: RawBuilder<unknown>, topic: RawBuilder<unknown>, choices: number): RawBuilder<unknown> {
  return sql`((hashint8(${lead} * 1000 + ${topic})::bigint & 2147483647) % ${sql.lit(choices)})::integer`;
}

function pick(lead: RawBuilder<unknown>, topic: RawBuilder<unknown>, of: readonly string[]): RawBuilder<unknown> {
  return sql`(array[${sql.join(of.map((each) => sql.lit(each)))}])[1 + ${below(lead, topic, of.length)}]`;
}

interface SeedOptions {
  readonly leads: number;
  /** Activities of each lead before the first scoring. */
  readonly activities: number;
  /** Within so many days before it; default: 180. */
  readonly days?: number;
  /** The streams of the CRM: all of them were read. */
  readonly streams: readonly string[];
}

/** Leads that are due, one HubSpot contact each, with activities. */
export async function seedLeads(db: Kysely<Tables>, options: SeedOptions): Promise<void> {
  await sql`
    insert into leadgrade.leads (id, created_at, due_at, due_reason)
    select i, ${FIRST}, ${FIRST}, 'changed' from generate_series(1, ${options.leads}::bigint) i`.execute(db);
  await sql`select setval(pg_get_serial_sequence('leadgrade.leads', 'id'), ${options.leads})`.execute(db);
  await seedRecords(db, options);
}

/** One HubSpot contact with activities for each lead from `first` on. */
export async function seedRecords(
  db: Kysely<Tables>,
  { leads, activities, streams, days = 180 }: SeedOptions,
  first = 1,
): Promise<void> {
  const ids = sql`generate_series(${first}::bigint, ${first + leads - 1}::bigint) i`;
  const i = sql`i`;
  await sql`
    insert into leadgrade.records (crm, object, id, lead_id, state, fields, crm_values, read_at, modified_at, company_id)
    select 'hubspot', 'contacts', (1000000000 + i)::text, i, 'live', jsonb_build_object(
      'contact.email', 'person' || i || '@company' || i / 7 || '.example', 'contact.first_name', 'First' || i,
      'contact.last_name', 'Last' || i, 'contact.job_title', ${pick(i, sql`1`, TITLES)}, 'contact.lifecycle', 'lead',
      'contact.created_at', '2026-01-15T08:00:00Z', 'contact.email_opt_out', ${below(i, sql`2`, 10)} = 0,
      'company.name', 'Company ' || i / 7, 'company.employees', ${below(i, sql`3`, 2000)},
      'company.industry', ${pick(i, sql`4`, INDUSTRIES)}, 'company.country', ${pick(i, sql`5`, COUNTRIES)},
      'company.technologies', jsonb_build_array(${pick(i, sql`6`, TECHNOLOGIES)}, 'segment')
    ), jsonb_build_object('fit_grade', null, 'fit_score', null, 'behavior_score', null, 'total_score', null, 'status', null,
      'explanation', null, 'scored_at', null, 'model', null), ${FIRST}::timestamptz, ${FIRST}::timestamptz, (5000000 + i / 7)::text
    from ${ids}`.execute(db);
  await sql`
    insert into leadgrade.record_addresses (crm, object, record_id, address, mailbox)
    select crm, object, id, fields ->> 'contact.email', fields ->> 'contact.email' from leadgrade.records
    where lead_id >= ${first}`.execute(db);
  await seedActivities(db, { ids, activities, until: FIRST, days });
  await sql`
    insert into leadgrade.streams (crm, stream, completed_at)
    select 'hubspot', name, ${FIRST}::timestamptz from unnest(${streams}::text[]) name
    on conflict (crm, stream) do update set completed_at = excluded.completed_at`.execute(db);
}

interface ActivitySeed {
  /** A row source with the lead ids as `i`. */
  readonly ids: RawBuilder<unknown>;
  /** Of each lead. */
  readonly activities: number;
  readonly until: Date;
  readonly days: number;
}

/** In the order of arrival: the activities of a lead are scattered over the table. */
export async function seedActivities(
  db: Kysely<Tables>,
  { ids, activities, until, days }: ActivitySeed,
): Promise<void> {
  const lead = sql`(i + ${sql.lit(until.getTime())})`;
  const topic = (number: number) => sql`(n * 10 + ${sql.lit(number)})`;
  await sql`
    insert into leadgrade.activities (crm, object, record_id, id, lead_id, stream, type, at, attributes, seen_at)
    select 'hubspot', 'contacts', (1000000000 + i)::text, 'view:' || i || ':' || n || ':' || ${String(until.getTime())}, i,
      ${pick(lead, topic(1), STREAMS)}, ${pick(lead, topic(1), TYPES)},
      ${until}::timestamptz - (${below(lead, topic(2), days * 86_400)} + 60) * interval '1 second',
      jsonb_build_object('path', ${pick(lead, topic(3), PATHS)}, 'form', ${pick(lead, topic(4), FORMS)}), ${until}::timestamptz
    from generate_series(1, ${activities}::integer) n cross join ${ids}`.execute(db);
}
