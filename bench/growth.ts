// Simulates nights with a steady input of activities, and prints rows and bytes after each ten of them: the database
// must not grow once the first results and activities are older than they are kept.
//   npm run bench:growth -- --leads 1000 --nights 120 --history 30 --json growth.json
import { parseArgs } from 'node:util';
import { sql } from 'kysely';
import type { JobContext } from '../jobs/context.ts';
import { purgeOldRows } from '../jobs/schedule/purge-old-rows.ts';
import { matchPeople } from '../jobs/score/match-people.ts';
import { withLockedLeadIds } from '../src/store/leads/lock-leads.ts';
import { markDue } from '../src/store/leads/mark-due.ts';
import { closeRun, openRun } from '../src/store/sync/runs.ts';
import { SHARED_POSTGRES } from '../test/support/servers.ts';
import { openReport, type Series } from './measuring/report.ts';
import { benchDatabases } from './nightly/databases.ts';
import { openMeter } from './nightly/measure.ts';
import { confirmWrites, openBenchProduct, scoreDue, scoreNight } from './nightly/product.ts';
import { FIRST, seedActivities, seedLeads } from './nightly/seed.ts';

const { values } = parseArgs({
  options: {
    leads: { type: 'string', default: '1000' },
    nights: { type: 'string', default: '120' },
    // The defaults of the product are 400, 730 and 730: the line would be flat after years.
    history: { type: 'string', default: '30' },
    'status-history': { type: 'string', default: '45' },
    // More than the model looks back at the activities of this benchmark: all types are kept equally long.
    activities: { type: 'string', default: '1350' },
    json: { type: 'string' },
    postgres: { type: 'string', default: SHARED_POSTGRES },
  },
});
const DAY_MS = 86_400_000;
/** Days between two activities of a lead, before and after the first night. */
const EVERY_DAYS = 30;
const leads = Number(values.leads);
const nights = Number(values.nights);
const activityDays = Number(values.activities);

interface NightReport {
  readonly night: number;
  readonly newResults: number;
  /** By table, as `bytes`. */
  readonly rows: Readonly<Record<string, number>>;
  /** With indexes. */
  readonly bytes: Readonly<Record<string, number>>;
}

const sum = (each: Readonly<Record<string, number>>) => Object.values(each).reduce((total, next) => total + next, 0);

const report = await openReport('growth', values.json, values.postgres);
const databases = benchDatabases(values.postgres);
const reports: NightReport[] = [];
try {
  const url = await databases.create('growth');
  const product = await openBenchProduct(url, FIRST);
  const meter = await openMeter(url);
  const context: JobContext = {
    ...product.context,
    retention: {
      historyDays: Number(values.history),
      statusHistoryDays: Number(values['status-history']),
      activityDays,
    },
  };
  const { db } = context;
  await seedLeads(db, {
    leads,
    // Twice as far back as activities are kept: the latest older one of each type stays.
    activities: Math.round((2 * activityDays) / EVERY_DAYS),
    days: 2 * activityDays,
    streams: product.streams,
  });
  await matchPeople(context);
  await scoreDue(context);
  await confirmWrites(context);
  for (let night = 1; night <= nights; night++) {
    const now = new Date(FIRST.getTime() + night * DAY_MS);
    product.setTime(now);
    const active = Array.from({ length: leads }, (_, index) => index + 1).filter(
      (id) => (id + night) % EVERY_DAYS === 0,
    );
    await seedActivities(db, { ids: sql`unnest(${active}::bigint[]) i`, activities: 1, until: now, days: 1 });
    await db
      .transaction()
      .execute((tx) => withLockedLeadIds(tx, active, (locked) => markDue(locked, active, 'activity', now)));
    const run = await openRun(db, { job: 'nightly', slot: now.toISOString().slice(0, 10), state: 'running' }, now);
    await purgeOldRows(context);
    const before = await meter.value('select max(id) as value from leadgrade.results');
    await scoreNight(context);
    await confirmWrites(context);
    if (run !== null) await closeRun(db, run.id, { state: 'done', error: null }, now);
    // As the autovacuum of a real day does.
    await meter.run('vacuum');
    const newResults = (await meter.value('select max(id) as value from leadgrade.results')) - before;
    const bytes = await meter.tables();
    const rows: Record<string, number> = {};
    for (const table of Object.keys(bytes)) rows[table] = await meter.value(`select count(*) as value from ${table}`);
    reports.push({ night, newResults, rows, bytes });
  }
  await meter.close();
  await product.close();
} finally {
  await databases.deleteAll();
}

const { history, 'status-history': statusHistory } = values;
console.log(
  `${leads} leads, an activity every ${EVERY_DAYS} days; history ${history} days, status ${statusHistory}, activities ${activityDays}\n`,
);
console.log('night  new results     results  activities  all rows  bytes a lead');
const listed = reports.filter(({ night }) => night % 10 === 0 || night === 1);
for (const { night, newResults, rows, bytes } of listed) {
  const { 'leadgrade.results': results = 0, 'leadgrade.activities': activities = 0 } = rows;
  const cells = [newResults, results, activities, sum(rows), sum(bytes) / leads].map((each) => Math.round(each));
  console.log(
    `${String(night).padStart(5)} ${cells.map((each) => each.toLocaleString('en-US').padStart(11)).join(' ')}`,
  );
}
const [half, last] = [reports[Math.floor(nights / 2) - 1], reports.at(-1)];
const ratio = (of: (report: NightReport) => number) => (half && last ? of(last) / of(half) : Number.NaN);
const ratios = { rows: ratio(({ rows }) => sum(rows)), bytes: ratio(({ bytes }) => sum(bytes)) };
const text = `rows ${ratios.rows.toFixed(3)}x, bytes ${ratios.bytes.toFixed(3)}x`;
console.log(`\nnight ${last?.night} beside night ${half?.night}: ${text}`);
const line = (y: string, of: (report: NightReport) => number): Series => {
  return { name: y, x: 'night', y, points: reports.map((each) => [each.night, Math.round(of(each))]) };
};
await report.save({
  figures: [
    { name: 'rows, last night beside half', value: ratios.rows, unit: 'x', kind: 'ratio' },
    { name: 'bytes, last night beside half', value: ratios.bytes, unit: 'x', kind: 'ratio' },
  ],
  series: [
    line('bytes a lead', ({ bytes }) => sum(bytes) / leads),
    line('rows a lead', ({ rows }) => sum(rows) / leads),
  ],
  details: { values, reports },
});
