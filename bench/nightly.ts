// Measures what the scoring stage costs: the first scoring of all leads, and a night in which the score of some leads
// changes with time. CPU of Node and of Postgres, beside a floor that does the least SQL and arithmetic for the same output.
//   npm run bench:nightly -- --leads 20000 --due 0.2 --rounds 3 --json nightly.json
// `--models 3` scores each lead with three models, of which the last one is a shadow.
// `--workers 1,2` scores with two processes as well, in the same rounds; the table has one line for each number.
import { execFile } from 'node:child_process';
import { parseArgs, promisify } from 'node:util';
import { matchPeople } from '../jobs/score/match-people.ts';
import { onServer, SHARED_POSTGRES } from '../test/support/servers.ts';
import { median } from './measuring/median.ts';
import { type Figure, openReport } from './measuring/report.ts';
import { benchDatabases, nameOf } from './nightly/databases.ts';
import { createFloor } from './nightly/floor.ts';
import type { Usage } from './nightly/measure.ts';
import { writeBenchModels } from './nightly/models.ts';
import type { PhaseOptions, PhaseReport } from './nightly/phase.ts';
import { openBenchProduct } from './nightly/product.ts';
import { FIRST, seedLeads } from './nightly/seed.ts';

const { values } = parseArgs({
  options: {
    leads: { type: 'string', default: '20000' },
    due: { type: 'string', default: '0.2' },
    activities: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '1' },
    workers: { type: 'string', default: '1' },
    models: { type: 'string', default: '1' },
    floor: { type: 'boolean', default: true },
    json: { type: 'string' },
    postgres: { type: 'string', default: SHARED_POSTGRES },
  },
  allowNegative: true,
});
const leads = Number(values.leads);
const workers = values.workers.split(',').map(Number);
const warmUp = Math.min(2_000, leads);
const allWarmUp = warmUp * Math.max(...workers);
const activities = Number(values.activities);

if (values.models !== '1') process.env.MODEL_FILE = writeBenchModels(Number(values.models));

const report = await openReport('nightly', values.json, values.postgres);
const databases = benchDatabases(values.postgres);

async function seed(): Promise<string> {
  const url = await databases.create('seed');
  const { context, streams, close } = await openBenchProduct(url, FIRST);
  await seedLeads(context.db, { leads: leads + allWarmUp, activities, streams });
  await matchPeople(context);
  await context.db.updateTable('leads').set({ due_at: null }).execute();
  await close();
  await createFloor(url);
  await onServer(url, 'vacuum analyze');
  return nameOf(url);
}

async function phase(template: string, options: Omit<PhaseOptions, 'databaseUrl' | 'leads' | 'warmUp' | 'due'>) {
  const databaseUrl = await databases.create(options.kind, template);
  const all: PhaseOptions = { ...options, databaseUrl, leads, warmUp, due: Number(values.due) };
  const program = new URL('nightly/phase.ts', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(all)], {
    maxBuffer: 2 ** 24,
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
  await databases.delete(databaseUrl);
  return JSON.parse(stdout) as PhaseReport;
}

interface Cost {
  /** µs of CPU a lead. */
  readonly node: number;
  readonly postgres: number;
  readonly total: number;
  readonly wal: number;
  readonly statements: number;
  readonly leadsPerSecond: number;
}

function costOf(reports: readonly PhaseReport[], part: 'first' | 'confirm' | 'night'): Cost {
  const of = (read: (usage: Usage, count: number) => number) =>
    median(
      reports.flatMap((report) => {
        const usage = report[part];
        return usage === null ? [] : [read(usage, part === 'night' ? report.due : leads)];
      }),
    );
  return {
    node: of(({ nodeMs }, count) => (nodeMs * 1_000) / count),
    postgres: of(({ postgresMs }, count) => ((postgresMs ?? 0) * 1_000) / count),
    total: of(({ nodeMs, postgresMs }, count) => ((nodeMs + (postgresMs ?? 0)) * 1_000) / count),
    wal: of(({ walBytes }, count) => walBytes / count),
    statements: of(({ statements }) => statements),
    leadsPerSecond: of(({ seconds }, count) => count / seconds),
  };
}

const products: PhaseReport[] = [];
/** Of each further number of workers. */
const parallel = new Map<number, PhaseReport[]>(workers.slice(1).map((count) => [count, []]));
const floors: PhaseReport[] = [];
try {
  const template = await seed();
  for (let round = 0; round < Number(values.rounds); round++) {
    const product = await phase(template, { kind: 'product', workers: workers[0] ?? 1, patchBytes: 0 });
    products.push(product);
    for (const [count, reports] of parallel)
      reports.push(await phase(template, { kind: 'product', workers: count, patchBytes: 0 }));
    const { patchBytes } = product;
    if (values.floor) floors.push(await phase(template, { kind: 'floor', workers: 1, patchBytes }));
  }
} finally {
  await databases.deleteAll();
}

const costs = {
  'first scoring': { product: costOf(products, 'first'), floor: costOf(floors, 'first') },
  'decay night': { product: costOf(products, 'night'), floor: costOf(floors, 'night') },
  'confirmed writes': { product: costOf(products, 'confirm'), floor: null },
};
const [last] = products.slice(-1);
const mean = (of: 'patchBytes' | 'resultBytes', reports: readonly PhaseReport[]) =>
  Math.round(median(reports.map((report) => report[of])));
console.log(
  `${leads.toLocaleString('en-US')} leads, ${activities} activities each; ${last?.due.toLocaleString('en-US')} due at night, ` +
    `${last?.newResults.toLocaleString('en-US')} new results; ${values.rounds} round(s), medians\n`,
);
console.log('                              Node  Postgres     total   WAL bytes  statements   leads/s');
for (const [name, { product, floor }] of Object.entries(costs)) {
  for (const [what, cost] of Object.entries({ product, ...(floors.length > 0 && floor && { floor }) })) {
    const numbers = [cost.node, cost.postgres, cost.total].map((µs) => `${Math.round(µs)} µs`.padStart(9));
    const rest = [cost.wal, cost.statements, cost.leadsPerSecond].map((each) =>
      Math.round(each).toLocaleString('en-US').padStart(10),
    );
    const ratio = what === 'product' && floor && floor.total > 0 ? `  ${(cost.total / floor.total).toFixed(2)}x` : '';
    console.log(`${name.padEnd(17)} ${what.padEnd(7)} ${numbers.join(' ')}  ${rest.join('  ')}${ratio}`);
  }
}
for (const [count, reports] of parallel) {
  for (const part of ['first', 'night'] as const) {
    const [one, many] = [costOf(products, part), costOf(reports, part)];
    const speed = (many.leadsPerSecond / one.leadsPerSecond).toFixed(2);
    console.log(
      `${count} workers beside ${workers[0]}, ${part}: CPU a lead ${(many.total / one.total).toFixed(2)}x (${Math.round(many.total)} µs), leads a second ${speed}x`,
    );
  }
}
console.log(
  `\nresult row ${mean('resultBytes', products)} bytes (floor ${mean('resultBytes', floors)}), outbox patch ${mean('patchBytes', products)} bytes; ` +
    `peak memory ${Math.round(median(products.map(({ peakMb }) => peakMb)))} MB (floor ${Math.round(median(floors.map(({ peakMb }) => peakMb)))} MB)`,
);
const sizes = Object.entries(last?.tables ?? {}).filter(
  ([name, bytes]) => name.startsWith('leadgrade') && bytes > 1_000_000,
);
for (const [name, bytes] of sizes) {
  console.log(
    `${name.padEnd(32)} ${(bytes / 1e6).toFixed(1).padStart(9)} MB ${Math.round(bytes / (leads + allWarmUp))} bytes a lead`,
  );
}
await report.save({
  figures: [
    ...Object.entries(costs).flatMap(([name, { product, floor }]) => figuresOf(name, product, floor)),
    ...[...parallel].flatMap(([count, reports]) => workerFigures(count, reports)),
    { name: 'peak memory', value: median(products.map(({ peakMb }) => peakMb)), unit: 'MB', kind: 'count' },
  ],
  details: { values, costs, products, parallel: Object.fromEntries(parallel), floors },
});

function figuresOf(name: string, product: Cost, floor: Cost | null): Figure[] {
  return [
    { name: `${name}: CPU a lead`, value: product.total, unit: 'µs', kind: 'cpu' },
    {
      name: `${name}: CPU beside the floor`,
      value: product.total / (floor?.total ?? Number.NaN),
      unit: 'x',
      kind: 'ratio',
    },
    { name: `${name}: WAL a lead`, value: product.wal, unit: 'bytes', kind: 'count' },
    { name: `${name}: statements`, value: product.statements, unit: '', kind: 'count' },
    { name: `${name}: leads a second`, value: product.leadsPerSecond, unit: '', kind: 'wall' },
  ];
}

function workerFigures(count: number, reports: readonly PhaseReport[]): Figure[] {
  const ratio = (part: 'first' | 'night') => costOf(reports, part).total / costOf(products, part).total;
  const name = `${count} workers beside ${workers[0]}`;
  return [
    { name: `${name}: CPU a lead`, value: Math.max(ratio('first'), ratio('night')), unit: 'x', kind: 'ratio' },
    { name: `${name}, first scoring: CPU a lead`, value: ratio('first'), unit: 'x', kind: 'ratio' },
    { name: `${name}, decay night: CPU a lead`, value: ratio('night'), unit: 'x', kind: 'ratio' },
  ];
}
