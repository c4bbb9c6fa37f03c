// Simulates nights with a steady input of activities, and prints rows and bytes after each ten of them: the database
// must not grow once the first results are older than the history is kept.
//   npm run bench:growth -- --leads 1000 --nights 120 --history 30 --json growth.json
import { parseArgs } from 'node:util';
import { sql } from 'kysely';
import { purgeOldRows } from '../jobs/schedule/purge-old-rows.ts';
import { matchPeople } from '../jobs/score/match-people.ts';
import { withLockedLeadIds } from '../src/store/leads/lock-leads.ts';
import { markDue } from '../src/store/leads/mark-due.ts';
import { closeRun, openRun } from '../src/store/sync/runs.ts';
import { openReport, type Series } from './measuring/report.ts';
import { benchDatabases } from './nightly/databases.ts';
import { openMeter } from './nightly/measure.ts';
import { confirmWrites, openBenchProduct, scoreDue, scoreNight } from './nightly/product.ts';
import { FIRST, seedActivities, seedLeads } from './nightly/seed.ts';

const { values } = parseArgs({
  options: {
    leads: { type: 'string', default: '1000' },
    nights: { type: 'string', default: '120' },
    // The defaults are 400 and 730: the line would be flat after two years.
    history: { type: 'string', default: '30' },
    'status-history': { type: 'string', default: '45' },
    json: { type: 'string' },
    postgres: { type: 'string', default: 'postgres://postgres@127.0.0.1:5432/postgres' },
  },
});
const DAY_MS = 86_400_000;
const ACTIVITIES = 20;
/** Days between two activities of a lead, as before the first night. */
const EVERY_DAYS = 180 / ACTIVITIES;
const leads = Number(values.leads);
const nights = Number(values.nights);

interface NightReport {
  readonly night: number;
  readonly newResults: number;
  readonly results: number;
  /** All tables but the activities, which only the CRM adds. */
  readonly bytes: number;
  readonly activityBytes: number;
  readonly tables: Readonly<Record<string, number>>;
}

const report = await openReport('growth', values.json, values.postgres);
const databases = benchDatabases(values.postgres);
const reports: NightReport[] = [];
try {
  const url = await databases.create('growth');
  const product = await openBenchProduct(url, FIRST);
  const meter = await openMeter(url);
  const context = {
    ...product.context,
    retention: { historyDays: Number(values.history), statusHistoryDays: Number(values['status-history']) },
  };
  const { db } = context;
  await seedLeads(db, { leads, activities: ACTIVITIES, streams: product.streams });
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
    const { 'leadgrade.activities': activityBytes = 0, ...tables } = await meter.tables();
    reports.push({
      night,
      newResults: (await meter.value('select max(id) as value from leadgrade.results')) - before,
      results: await meter.value('select count(*) as value from leadgrade.results'),
      bytes: Object.values(tables).reduce((sum, each) => sum + each, 0),
      activityBytes,
      tables,
    });
  }
  await meter.close();
  await product.close();
} finally {
  await databases.deleteAll();
}

console.log(
  `${leads} leads, an activity every ${EVERY_DAYS} days; history ${values.history} days, status ${values['status-history']}\n`,
);
console.log('night  new results   results     bytes a lead   activities a lead');
const listed = reports.filter(({ night }) => night % 10 === 0 || night === 1);
for (const { night, newResults, results, bytes, activityBytes } of listed) {
  const cells = [newResults, results, bytes / leads, activityBytes / leads].map((each) => Math.round(each));
  console.log(
    `${String(night).padStart(5)} ${cells.map((each) => each.toLocaleString('en-US').padStart(13)).join(' ')}`,
  );
}
const [half, last] = [reports[Math.floor(nights / 2) - 1], reports.at(-1)];
const growth = (of: (report: NightReport) => number) => (half && last ? of(last) / of(half) : Number.NaN);
const rows = growth(({ results }) => results);
const bytes = growth(({ bytes }) => bytes);
console.log(
  `\nnight ${last?.night} beside night ${half?.night}: rows of results ${rows.toFixed(2)}x, bytes ${bytes.toFixed(2)}x`,
);
const line = (y: string, of: (report: NightReport) => number): Series => {
  return { name: y, x: 'night', y, points: reports.map((each) => [each.night, Math.round(of(each))]) };
};
await report.save({
  figures: [
    { name: 'rows, last night beside half', value: rows, unit: 'x', kind: 'ratio' },
    { name: 'bytes, last night beside half', value: bytes, unit: 'x', kind: 'ratio' },
  ],
  series: [line('bytes a lead', (each) => each.bytes / leads), line('results a lead', (each) => each.results / leads)],
  details: { values, reports },
});
