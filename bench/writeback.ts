// Measures how a backlog of scores is written: the share of the CRM's rate limit that is used, the calls that the CRM rejects,
// and the calls beside the least possible. The sandboxes run as processes of their own, with HubSpot's real limits.
//   npm run bench:writeback -- --leads 60000 --tier pro --latency 0 --json writeback.json
import { parseArgs } from 'node:util';
import { type LoggedCall, loggedCalls } from '../cli/demo/sandbox-log.ts';
import { BURST_LIMIT, BURST_WINDOW_MS } from '../sandbox/hubspot/http/rate-limits.ts';
import { TIERS } from '../sandbox/hubspot/tier.ts';
import { SHARED_POSTGRES } from '../test/support/servers.ts';
import { choice, choices } from './measuring/choices.ts';
import { type Figure, openReport } from './measuring/report.ts';
import { benchDatabases } from './nightly/databases.ts';
import { openBacklog } from './writeback/backlog.ts';
import { useOfLimit } from './writeback/calls.ts';

const { values } = parseArgs({
  options: {
    leads: { type: 'string', default: '60000' },
    /** Salesforce limits calls a day, not calls a second: a few thousand leads tell all. */
    'salesforce-leads': { type: 'string', default: '10000' },
    tier: { type: 'string', default: 'pro' },
    latency: { type: 'string', default: '0' },
    runs: { type: 'string', default: 'hubspot,salesforce,salesforce-bulk' },
    json: { type: 'string' },
    postgres: { type: 'string', default: SHARED_POSTGRES },
  },
});
const tier = choice('--tier', values.tier, TIERS);

interface Run {
  readonly crm: 'hubspot' | 'salesforce';
  readonly leads: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly isWrite: (call: LoggedCall) => boolean;
  /** The fewest calls that can write so many records. */
  readonly least: (records: number) => number;
}

const RUNS: Readonly<Record<string, Run>> = {
  hubspot: {
    crm: 'hubspot',
    leads: Number(values.leads),
    settings: {},
    isWrite: ({ path }) => path.endsWith('/contacts/batch/update'),
    least: (records) => Math.ceil(records / 100),
  },
  salesforce: {
    crm: 'salesforce',
    leads: Number(values['salesforce-leads']),
    settings: { SALESFORCE_BULK_WRITE_FROM: '1000000' },
    isWrite: ({ path }) => path.endsWith('/composite/sobjects'),
    least: (records) => Math.ceil(records / 200),
  },
  'salesforce-bulk': {
    crm: 'salesforce',
    leads: Number(values['salesforce-leads']),
    settings: {},
    // A job takes 20,000 records: it is opened, filled, closed, and its two lists of results are read. It is checked once at least.
    isWrite: ({ path }) => path.includes('/jobs/ingest'),
    least: (records) => Math.ceil(records / 20_000) * 6,
  },
};

const names = choices('--runs', values.runs, Object.keys(RUNS));
const report = await openReport('writeback', values.json, values.postgres);
const databases = benchDatabases(values.postgres);
const figures: Figure[] = [];
const details: Record<string, unknown> = {};
try {
  for (const [name, run] of Object.entries(RUNS)) {
    if (!names.includes(name)) continue;
    const result = await measure(run);
    details[name] = result;
    const { share, rejected, calls, least, records, recordsPerSecond } = result;
    figures.push(
      { name: `${name}: share of the rate limit`, value: share === null ? null : share * 100, unit: '%', kind: 'wall' },
      { name: `${name}: calls rejected with 429`, value: rejected, unit: '', kind: 'count' },
      { name: `${name}: calls beside the least possible`, value: calls / least, unit: 'x', kind: 'ratio' },
      { name: `${name}: records a second`, value: recordsPerSecond, unit: '', kind: 'wall' },
    );
    console.log(`${name}: ${records} records in ${calls} calls (least possible ${least}), ${rejected} rejected`);
    console.log(`  ${recordsPerSecond} records a second; other calls: ${JSON.stringify(result.otherCalls)}`);
    if (share !== null) {
      const percent = (part: number | null) => `${((part ?? Number.NaN) * 100).toFixed(1)} %`;
      const { lowestShare, maxInWindow } = result;
      console.log(
        `  share of the limit ${percent(share)}, lowest 10 s ${percent(lowestShare)}, fullest 10 s ${maxInWindow} calls`,
      );
    }
  }
} finally {
  await databases.deleteAll();
}
await report.save({ figures, details });

async function measure({ crm, leads, settings, isWrite, least }: Run) {
  const url = await databases.create('writeback');
  const options = { crm, people: leads, tier, latencyMs: Number(values.latency) };
  const { product, sandbox, close } = await openBacklog(url, options, settings);
  try {
    const { db } = product.context;
    const pending = async () => {
      const { count } = await db
        .selectFrom('outbox')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return Number(count);
    };
    const records = await pending();
    const started = performance.now();
    const cpu = process.cpuUsage();
    product.work();
    await product.context.enqueue('write-scores', { crm });
    while ((await pending()) > 0) await new Promise((resolve) => setTimeout(resolve, 500));
    const { user, system } = process.cpuUsage(cpu);
    const seconds = (performance.now() - started) / 1_000;
    const log = await loggedCalls(sandbox);
    const writes = log.filter(isWrite);
    const others = log.filter((call) => !isWrite(call));
    const limit = crm === 'hubspot' ? { calls: BURST_LIMIT[tier], windowMs: BURST_WINDOW_MS } : null;
    const use = limit === null ? { share: null, lowestShare: null, maxInWindow: 0 } : useOfLimit(log, limit);
    return {
      ...use,
      records,
      calls: writes.length,
      least: least(records),
      rejected: log.filter(({ status }) => status === 429).length,
      otherCalls: Object.fromEntries(
        [...Map.groupBy(others, ({ method, path }) => `${method} ${path}`)].map(([call, { length }]) => [call, length]),
      ),
      recordsPerSecond: Math.round(records / seconds),
      nodeCpuPerRecord: Math.round((user + system) / records),
    };
  } finally {
    await close();
    await databases.delete(url);
  }
}
