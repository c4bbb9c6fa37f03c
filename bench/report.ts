// Runs the benchmarks and writes docs/performance.md from their JSON files. Without --run it only writes the page from the files
// of former runs.
//   npm run bench:report -- --run quick
//   npm run bench:report -- --run full --only size,growth
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { choice, choices } from './measuring/choices.ts';
import { type BenchReport, reportSchema } from './measuring/report.ts';
import { BENCHES, type Bench } from './report/benches.ts';
import { lineChart } from './report/line-chart.ts';
import { performancePage } from './report/page.ts';

const { values } = parseArgs({
  options: {
    run: { type: 'string', default: 'none' },
    only: { type: 'string', default: BENCHES.map(({ name }) => name).join(',') },
    results: { type: 'string', default: 'bench/results' },
    postgres: { type: 'string' },
  },
});
const ROOT = join(import.meta.dirname, '..');
const results = join(ROOT, values.results);
const fileOf = ({ name }: Bench) => join(results, `${name}.json`);
const only = choices(
  '--only',
  values.only,
  BENCHES.map(({ name }) => name),
);

const size = choice('--run', values.run, ['none', 'quick', 'full']);
if (size !== 'none') {
  await mkdir(results, { recursive: true });
  for (const bench of BENCHES.filter(({ name }) => only.includes(name))) await run(bench, bench[size]);
}

const reports = new Map<string, BenchReport>();
for (const bench of BENCHES) {
  const file = fileOf(bench);
  if (existsSync(file)) reports.set(bench.name, reportSchema.parse(JSON.parse(await readFile(file, 'utf8'))));
}
const charts: { file: string; text: string }[] = [];
const growth = reports.get('growth')?.series.find(({ name }) => name === 'bytes a lead');
if (growth !== undefined) {
  const text = `Bytes a lead over ${growth.points.length} nights with a steady input`;
  await writeFile(join(ROOT, 'docs/img/growth.svg'), lineChart(text, [growth]));
  charts.push({ file: 'img/growth.svg', text });
}
const notes = await readFile(join(ROOT, 'bench/report/why-not-2x.md'), 'utf8');
await writeFile(join(ROOT, 'docs/performance.md'), performancePage(reports, { charts, notes }));
console.log(`docs/performance.md: ${reports.size} of ${BENCHES.length} benchmarks`);

/** A benchmark that breaks off keeps the file of its last run. */
async function run(bench: Bench, options: readonly string[]): Promise<void> {
  const place = values.postgres !== undefined && bench.usesPostgres ? ['--postgres', values.postgres] : [];
  const args = ['run', `bench:${bench.name}`, '--', ...options, '--json', fileOf(bench), ...place];
  const started = performance.now();
  console.log(`\nnpm run bench:${bench.name} -- ${options.join(' ')}`);
  const child = spawn('npm', args, { cwd: ROOT, stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  console.log(`${bench.name}: ${Math.round((performance.now() - started) / 1_000)} s`);
  if (code !== 0) console.error(`bench:${bench.name} ended with ${String(code)}; the reason is above`);
}
