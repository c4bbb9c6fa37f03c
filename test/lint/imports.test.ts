// The import rules of lint/imports.json, tried on files that break them.
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '../..');
const BIOME = join(ROOT, 'node_modules/.bin/biome');

const REFUSED = [
  ['src/scoring/fit.ts', "import { readFile } from 'node:fs/promises';"],
  ['src/scoring/look-ahead/segment.ts', "import { type Kysely, sql } from 'kysely';"],
  ['src/mapping/project.ts', "import type { CompiledModel } from '../scoring/compile/compile.ts';"],
  ['src/domain/lead.ts', "export * from '../store/tables/tables.ts';"],
  ['src/store/leads/results.ts', "import { Queue } from 'bullmq';"],
  ['src/store/leads/scores.ts', "import { scoreLead } from '../../scoring/score-lead.ts';"],
  ['src/store/leads/runs.ts', "import '../../../jobs/job-types.ts';"],
  ['src/csv/rows/project-row.ts', "import { openCsv } from '../files/open-csv.ts';"],
  ['src/csv/records.ts', "import { createReadStream } from 'node:fs';"],
  ['connectors/hubspot/http/client.ts', "import { x } from '../../salesforce/http/client.ts';"],
  ['connectors/hubspot/http/call.ts', "import '../../../jobs/job-types.ts';"],
  ['connectors/kit/single-flight.ts', "import { x } from '../hubspot/index.ts';"],
  ['jobs/score/score.ts', "export const load = () => import('../../connectors/hubspot/index.ts');"],
  ['jobs/score/start.ts', "import { start } from '../../cli/start/start.ts';"],
  ['web/webhooks/router.ts', "import { scoreLead } from '../../src/scoring/score-lead.ts';"],
  ['web/webhooks/worker.ts', "import { startWorker } from '../../jobs/queue/worker.ts';"],
  ['web/app.ts', "import { startHubSpotSandbox } from '../sandbox/hubspot/start.ts';"],
  ['cli/start/start.ts', "import { startHubSpotSandbox } from '../../sandbox/hubspot/start.ts';"],
  ['sandbox/http/listen.ts', "import type { Clock } from '../../src/domain/clock.ts';"],
] as const;

const ALLOWED = [
  ['src/mapping/scope.ts', "import { compileCondition } from '../scoring/compile/conditions.ts';"],
  ['src/store/leads/leads.ts', "import type { Lead } from '../../domain/lead.ts';"],
  ['connectors/salesforce/streams/stream.ts', "import type { PersonMapping } from '../people/person-mapping.ts';"],
  ['web/health.ts', "import { JOBS } from '../jobs/job-types.ts';"],
  ['cli/demo/demo.ts', "import { startHubSpotSandbox } from '../../sandbox/hubspot/start.ts';"],
] as const;

const reportSchema = z.object({
  diagnostics: z.array(z.object({ category: z.string(), location: z.object({ path: z.unknown() }) })),
});

let folder = '';
let found = new Set<string>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadgrade-imports-'));
  await mkdir(join(folder, 'lint'));
  for (const file of ['biome.json', 'lint/imports.json']) await copyFile(join(ROOT, file), join(folder, file));
  for (const [file, line] of [...REFUSED, ...ALLOWED]) {
    await mkdir(join(folder, dirname(file)), { recursive: true });
    await writeFile(join(folder, file), `${line}\n`);
  }
  const args = ['lint', '.', '--reporter=json', '--max-diagnostics=200', '--vcs-enabled=false'];
  const output = await new Promise<string>((resolve) => {
    execFile(BIOME, args, { cwd: folder }, (_error, stdout) => resolve(stdout));
  });
  const { diagnostics } = reportSchema.parse(JSON.parse(output.slice(output.indexOf('{'))));
  const broken = diagnostics.filter(({ category }) => category === 'lint/style/noRestrictedImports');
  found = new Set(broken.map(({ location }) => pathOf(location.path)));
}, 30_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Biome writes a path as text, or as `{ file }`. */
function pathOf(path: unknown): string {
  const text = typeof path === 'string' ? path : z.object({ file: z.string() }).parse(path).file;
  return text.replace(/^\.\//, '');
}

test.each(REFUSED)('lint refuses in %s: %s', (file) => {
  expect([...found]).toContain(file);
});

test.each(ALLOWED)('lint allows in %s: %s', (file) => {
  expect([...found]).not.toContain(file);
});
