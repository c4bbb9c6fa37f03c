// Measures how much CPU time commands take to start, as a ratio to `node -e 0`. All run in turn, so
// that a busy machine slows them alike; the medians are compared. Each command has run once before:
// Node keeps its compiled code, and Leadgrade what it read from the model.
//   npm run bench:start -- --rounds 15 --json start.json
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { median } from './measuring/median.ts';
import { openReport } from './measuring/report.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' }, json: { type: 'string' } } });
const report = await openReport('start', values.json);
const ROOT = join(import.meta.dirname, '..');
const LEAD = { id: '1', fields: { 'contact.job_title': 'Head of Marketing', 'company.employees': 120 } };

const folder = await mkdtemp(join(tmpdir(), 'leadgrade-start-'));
const lead = join(folder, 'lead.ndjson');
await writeFile(lead, `${JSON.stringify(LEAD)}\n`);

const BASE = 'node -e 0';
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  [BASE]: ['-e', '0'],
  '--help': ['bin/leadgrade.js', '--help'],
  'score, one lead': ['bin/leadgrade.js', 'score', '--input', lead],
  validate: ['bin/leadgrade.js', 'validate'],
};

const exec = promisify(execFile);

/** The CPU time of one process, user and system, in milliseconds: what bash reads from getrusage. */
async function cpuMs(args: readonly string[]): Promise<number> {
  const timed = 'TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>&1 </dev/null';
  const { stderr } = await exec('bash', ['-c', timed, 'bash', process.execPath, ...args], { cwd: ROOT });
  return stderr
    .trim()
    .split(' ')
    .reduce((sum, seconds) => sum + Number(seconds) * 1_000, 0);
}

const times = new Map(Object.keys(COMMANDS).map((name): [string, number[]] => [name, []]));
try {
  for (const args of Object.values(COMMANDS)) await cpuMs(args);
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [name, args] of Object.entries(COMMANDS)) times.get(name)?.push(await cpuMs(args));
  }
} finally {
  await rm(folder, { recursive: true });
}
const base = median(times.get(BASE) ?? []);
const rows = [...times].map(([name, each]) => {
  const middle = median(each);
  return { name, cpuMs: Math.round(middle), ratio: Number((middle / base).toFixed(2)) };
});
for (const { name, cpuMs, ratio } of rows) {
  console.log(`${name.padEnd(28)} ${String(cpuMs).padStart(6)} ms  ${ratio.toFixed(1)} : 1`);
}
await report.save({
  figures: rows.flatMap(({ name, cpuMs: value, ratio }) => [
    { name: `${name}: CPU`, value, unit: 'ms', kind: 'cpu' },
    { name: `${name}: CPU beside ${BASE}`, value: ratio, unit: 'x', kind: 'ratio' },
  ]),
  details: { rounds: Number(values.rounds), rows },
});
