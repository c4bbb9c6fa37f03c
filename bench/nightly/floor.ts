// The floor: the least SQL that reads one row a lead and writes the bytes of the product's results and outbox rows,
// with a hand-written loop of the shipped model between. It has no locks, no retries, no other models and no other CRM.
import pg from 'pg';
import { FIRST } from './seed.ts';

const DAY = 86_400_000;
const CHUNK = 500;

const SCHEMA = `
  create schema floor;
  create table floor.input as
    select r.lead_id, r.id as record_id, json_build_object('fields', r.fields, 'activities', (
      select json_agg(json_build_array(type, (extract(epoch from at) * 1000)::bigint, attributes ->> 'path', attributes ->> 'form'))
      from leadgrade.activities a where a.lead_id = r.lead_id
    ))::text as data from leadgrade.records r;
  alter table floor.input add primary key (lead_id);
  create table floor.state (lead_id bigint primary key, record_id text not null, data text not null, next_change_at timestamptz)
    with (fillfactor = 80);
  create table floor.results (like leadgrade.results including identity);
  alter table floor.results alter contributions type text;
  alter table floor.results add primary key (id);
  create index on floor.results (lead_id, id);
  create table floor.outbox (record_id text primary key, result_id bigint, patch text not null, queued_at timestamptz not null);
`;

export async function createFloor(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(SCHEMA);
  await client.end();
}

/** What a night needs of a lead: the sum of its fit lines, and per signal the points, latest instants and half-life. */
interface State {
  readonly fit: readonly (readonly [string, number, string])[];
  readonly behavior: readonly (readonly [string, number, number, string])[];
}

const TITLES: readonly (readonly [string, number, string])[] = [
  ['vp', 30, 'Executive'],
  ['director', 25, 'Director or head of'],
  ['manager', 15, 'Manager'],
  ['engineer', 8, 'Specialist'],
];

interface Input {
  readonly fields: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  readonly activities: readonly (readonly [string, number, string, string])[];
}

function readState({ fields, activities }: Input): State {
  const fit: [string, number, string][] = [];
  const title = String(fields['contact.job_title']).toLowerCase();
  const level = TITLES.find(([word]) => title.includes(word));
  if (level) fit.push(['title', level[1], level[2]]);
  const size = Number(fields['company.employees']);
  if (size < 10) fit.push(['company_size', -10, 'Too small (under 10 people)']);
  else if (size < 50) fit.push(['company_size', 10, 'Small company (10 to 49 people)']);
  else if (size < 1000) fit.push(['company_size', 25, 'Ideal size (50 to 999 people)']);
  else fit.push(['company_size', 15, 'Large company (1000 people or more)']);
  if (fields['company.industry'] === 'Software') fit.push(['industry', 20, 'Target industry']);
  else if (fields['company.industry'] === 'Banking') fit.push(['industry', 12, 'Good industry']);
  if (fields['company.country'] === 'IN') fit.push(['country', 5, 'Secondary market']);
  else fit.push(['country', 10, 'Core market']);
  const technologies = fields['company.technologies'];
  if (Array.isArray(technologies)) fit.push(['technology', technologies.includes('hubspot') ? 15 : 8, 'Uses a tool']);
  const latest = new Map<string, [number, number, string]>();
  const see = (signal: string, points: number, at: number, label: string) => {
    const known = latest.get(signal);
    if (known === undefined || known[1] < at) latest.set(signal, [points, at, label]);
  };
  for (const [type, at, path, form] of activities) {
    if (type === 'page_view' && path === '/pricing') see('pricing_page', 15, at, 'Viewed pricing');
    else if (type === 'page_view' && path.startsWith('/case')) see('case_study', 6, at, 'Read a case study');
    else if (type === 'page_view' && path === '/security') see('security_page', 10, at, 'Read about security');
    else if (type === 'form_submission' && form === 'Demo request') see('demo_request', 40, at, 'Requested a demo');
    else if (type === 'email_open') see('email_open', 3, at, 'Opened an email');
    else if (type === 'email_click') see('email_click', 12, at, 'Clicked an email');
  }
  return { fit, behavior: [...latest].map(([signal, [points, at, label]]) => [signal, points, at, label]) };
}

interface Scored {
  readonly lines: string;
  readonly patch: string;
  readonly fit: number;
  readonly behavior: number;
  readonly nextChange: Date;
}

/** @param patchBytes the average length of the product's outbox rows */
function score({ fit, behavior }: State, now: number, patchBytes: number): Scored {
  let [fitSum, behaviorSum] = [0, 0];
  const lines: [string, number, number][] = [];
  let text = '';
  for (const [signal, points, label] of fit) {
    fitSum += points;
    lines.push([signal, points, points]);
    text += `+${points} ${label}\n`;
  }
  for (const [signal, points, at, label] of behavior) {
    const exact = points * 2 ** ((at - now) / (30 * DAY));
    behaviorSum += exact;
    const whole = Math.round(exact);
    if (whole === 0) continue;
    lines.push([signal, whole, exact]);
    text += `+${whole} ${label} (22 Nov 2026)\n`;
  }
  const behaviorScore = Math.round(behaviorSum);
  const total = fitSum + behaviorScore;
  const patch = JSON.stringify({
    fit_grade: 'B',
    fit_score: fitSum,
    behavior_score: behaviorScore,
    total_score: total,
    status: total >= 80 ? 'hot' : 'cold',
    explanation: `${total} = fit ${fitSum} (B) + behavior ${behaviorScore}, as of 22 Nov 2026\n${text}`,
    scored_at: '2026-11-22T02:00:00.000Z',
    model: 'b2b-saas@2026.11.2',
  });
  return {
    lines: JSON.stringify(lines),
    patch: patch.padEnd(patchBytes),
    fit: fitSum,
    behavior: behaviorScore,
    nextChange: new Date(now + DAY),
  };
}

export interface Floor {
  /** Scores the leads with these ids for the first time. */
  first(from: number, to: number): Promise<void>;
  /** Scores the leads whose next change has come. */
  night(now: Date): Promise<void>;
  run(text: string): Promise<void>;
  close(): Promise<void>;
}

export async function openFloor(databaseUrl: string, patchBytes: number): Promise<Floor> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const hash = 'f'.repeat(64);
  const save = async (rows: readonly { id: number; record: string; scored: Scored }[], at: Date, cause: string) => {
    const { rows: saved } = await client.query<{ id: string }>(
      `insert into floor.results (lead_id, as_of, model_hash, cause, grade, coverage, fit_score, behavior_score, total, status,
         previous_status, cell, thresholds, contributions, gates)
       select lead_id, $1, $2, $3, 'B', 1, fit, behavior, fit + behavior, 'cold', 'cold', 'B3', null, lines, '[]'
       from unnest($4::bigint[], $5::integer[], $6::integer[], $7::text[]) as t (lead_id, fit, behavior, lines) returning id`,
      [
        at,
        hash,
        cause,
        rows.map(({ id }) => id),
        rows.map(({ scored }) => scored.fit),
        rows.map(({ scored }) => scored.behavior),
        rows.map(({ scored }) => scored.lines),
      ],
    );
    await client.query(
      `insert into floor.outbox select * from unnest($1::text[], $2::bigint[], $3::text[], $4::timestamptz[])
       on conflict (record_id) do update set result_id = excluded.result_id, patch = excluded.patch`,
      [
        rows.map(({ record }) => record),
        saved.map(({ id }) => id),
        rows.map(({ scored }) => scored.patch),
        rows.map(() => at),
      ],
    );
  };
  return {
    first: async (from, to) => {
      for (let start = from; start <= to; start += CHUNK) {
        await client.query('begin');
        const { rows } = await client.query<{ lead_id: string; record_id: string; data: string }>(
          'select * from floor.input where lead_id between $1 and $2 order by lead_id',
          [start, Math.min(to, start + CHUNK - 1)],
        );
        const done = rows.map(({ lead_id, record_id, data }) => {
          const state = readState(JSON.parse(data) as Input);
          return { id: Number(lead_id), record: record_id, state, scored: score(state, FIRST.getTime(), patchBytes) };
        });
        await save(done, FIRST, 'changed');
        await client.query(
          'insert into floor.state select * from unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[])',
          [
            done.map(({ id }) => id),
            done.map(({ record }) => record),
            done.map(({ state }) => JSON.stringify(state)),
            done.map(({ scored }) => scored.nextChange),
          ],
        );
        await client.query('commit');
      }
    },
    night: async (now) => {
      for (;;) {
        await client.query('begin');
        const { rows } = await client.query<{ lead_id: string; record_id: string; data: string }>(
          'select lead_id, record_id, data from floor.state where next_change_at <= $1 order by next_change_at, lead_id limit $2',
          [now, CHUNK],
        );
        const done = rows.map(({ lead_id, record_id, data }) => {
          const scored = score(JSON.parse(data) as State, now.getTime(), patchBytes);
          return { id: Number(lead_id), record: record_id, scored };
        });
        await save(done, now, 'decay');
        await client.query(
          `update floor.state s set next_change_at = t.at from unnest($1::bigint[], $2::timestamptz[]) as t (id, at)
           where s.lead_id = t.id`,
          [done.map(({ id }) => id), done.map(({ scored }) => scored.nextChange)],
        );
        await client.query('commit');
        if (rows.length < CHUNK) return;
      }
    },
    run: async (text) => {
      await client.query(text);
    },
    close: () => client.end(),
  };
}
