// `leadgrade init` and the dry run for a new user.
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { control } from '../../../cli/demo/sandbox-log.ts';
import { withSettings } from '../../../cli/init/env-file.ts';
import { type HubSpotSandbox, startHubSpotSandbox } from '../../../sandbox/hubspot/start.ts';
import { leads } from '../../support/leads.ts';
import { start } from '../../support/processes.ts';
import { leadgrade, leadgradeHere, MAIN } from '../run-command.ts';

let sandbox: HubSpotSandbox;
let folder: string;
beforeAll(async () => {
  const clock = { now: () => new Date() };
  const dataset = leads(105);
  sandbox = await startHubSpotSandbox({ port: 0, dataset, clock, searchLagMs: 0, tier: 'pro' });
});
afterAll(() => sandbox.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadgrade-init-'));
  return () => rm(folder, { recursive: true });
});

const UNSET = { HUBSPOT_ACCESS_TOKEN: '', HUBSPOT_API_URL: '', DATABASE_URL: '', REDIS_URL: '', TIMEZONE: '' };

const tokenOf = ({ url, accessToken }: HubSpotSandbox) => ({ HUBSPOT_API_URL: url, HUBSPOT_ACCESS_TOKEN: accessToken });

/** Runs `init` with this token as answer. */
function init(token: string, ...args: string[]) {
  const url = `HUBSPOT_API_URL=${sandbox.url}`;
  return leadgrade(['init', '--set', url, ...args], { cwd: folder, env: UNSET, input: `${token}\n` });
}

async function writesOf(): Promise<number> {
  const log = z.string().parse(await control(sandbox, 'GET', 'log'));
  return log.split('\n').filter((line) => /"writes":\[\{/.test(line)).length;
}

test('init tries the token, saves it readable by the owner only, and prints the plan of setup and the dry run', async () => {
  await writeFile(join(folder, '.env'), '# ours\nPOLL_SECONDS=120\nHUBSPOT_ACCESS_TOKEN=old\n', { mode: 0o644 });
  const done = await init(sandbox.accessToken, '--force', '--dry-run');
  expect(done.code).toBe(0);
  const text = await readFile(join(folder, '.env'), 'utf8');
  expect(text.startsWith(`# ours\nPOLL_SECONDS=120\nHUBSPOT_ACCESS_TOKEN=${sandbox.accessToken}\n`)).toBe(true);
  expect(parseEnv(text)).toMatchObject({ HUBSPOT_API_URL: sandbox.url, TIMEZONE: 'UTC' });
  expect((await stat(join(folder, '.env'))).mode & 0o777).toBe(0o600);
  expect(`${done.stdout}${done.stderr}`).not.toContain(sandbox.accessToken);
  expect(done.stdout).toContain('contact property leadgrade_status: would create');
  expect(done.stdout).toContain('hubspot: 105 would be written, 0 have their score already.');
  expect(done.stdout).toMatch(/hubspot: writing would take 2 API calls/);
  expect(done.stdout).toMatch(/page_views: .*Enterprise/);
  expect(await writesOf()).toBe(0);
});

test('the numbers of a dry run in JSON add up, and it writes neither to the portal nor to the data folder', async () => {
  const dataDir = join(folder, '.leadgrade');
  const env = { ...UNSET, ...tokenOf(sandbox), DATA_DIR: dataDir };
  const out = join(folder, 'scores.csv');
  const done = await leadgradeHere(['backfill', '--dry-run', '--json', '--out', out], { env });
  const found = z
    .object({
      bands: z.array(z.object({ leads: z.number() })),
      highest: z.array(z.object({ total: z.number() })),
      crms: z.array(z.object({ records: z.number(), scored: z.number(), writes: z.number() })),
    })
    .parse(JSON.parse(done.stdout));
  expect(found.crms).toEqual([{ records: 105, scored: 105, writes: 105 }]);
  expect(found.bands.reduce((sum, band) => sum + band.leads, 0)).toBe(105);
  expect(found.highest).toHaveLength(10);
  const rows: string[][] = parse(await readFile(out));
  expect(rows.slice(1).map(([, id = '']) => id)).toEqual([...sandbox.contactIds.values()].toSorted());
  for (const [, , grade, fit, behavior, total] of rows.slice(1)) {
    expect([grade, Number(fit) + Number(behavior)]).toEqual(['A', Number(total)]);
  }
  expect(await writesOf()).toBe(0);
  await expect(stat(dataDir)).rejects.toThrow('ENOENT');
});

test('SIGINT during a dry run deletes everything that it has read', async () => {
  const env = { ...UNSET, ...tokenOf(sandbox), TMPDIR: folder };
  const missing = join(folder, 'missing', 'scores.csv');
  const refused = await leadgradeHere(['backfill', '--dry-run', '--out', missing], { env });
  expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('ENOENT') });
  const out = join(folder, 'scores.csv');
  const dryRun = start(process.execPath, [MAIN, 'backfill', '--dry-run', '--out', out], { env });
  await dryRun.line(/records,/);
  dryRun.signal('SIGINT');
  expect(await dryRun.ended).toBe(3);
  expect(dryRun.output()).toContain('Interrupted. Nothing was written.');
  expect(await readdir(folder)).toEqual([]);
});

test('init --preset copies the model, sets MODEL_FILE and plans with its bands; an existing copy is kept', async () => {
  const done = await init(sandbox.accessToken, '--preset', 'bant');
  expect(done.code).toBe(0);
  expect(done.stdout).toContain('mappings/bant.yaml: copied from mappings/presets.');
  const file = join(folder, 'mappings/bant.yaml');
  expect(await readFile(file, 'utf8')).toMatch(/^# yaml-language-server: \$schema=schema\/model.schema.json\n/);
  expect(parseEnv(await readFile(join(folder, '.env'), 'utf8'))).toMatchObject({ MODEL_FILE: 'mappings/bant.yaml' });
  await writeFile(file, `${await readFile(file, 'utf8')}# ours\n`);
  const again = await init(sandbox.accessToken, '--force', '--preset', 'bant');
  expect(again.stdout).toContain('mappings/bant.yaml exists and is used as it is.');
  expect(await readFile(file, 'utf8')).toMatch(/# ours\n$/);
  const unknown = await init(sandbox.accessToken, '--preset', 'bannt');
  expect(unknown).toMatchObject({ code: 2, stdout: '' });
  expect(unknown.stderr).toContain('Unknown preset "bannt". Use one of: bant, ');
});

describe('init writes no .env', () => {
  test('when the token is refused', async () => {
    const done = await init('pat-na1-wrong');
    expect(done).toMatchObject({ code: 2, stdout: '' });
    expect(done.stderr).toMatch(/401.*HUBSPOT_ACCESS_TOKEN/s);
    expect(done.stderr).not.toContain('pat-na1-wrong');
    await expect(stat(join(folder, '.env'))).rejects.toThrow('ENOENT');
  });

  test('when the token is in the command line, or is missing', async () => {
    const shown = await init('', '--set', `HUBSPOT_ACCESS_TOKEN=${sandbox.accessToken}`);
    expect(shown).toMatchObject({ code: 2, stdout: '' });
    expect(shown.stderr).toContain('do not pass a secret on the command line');
    expect((await init('')).stderr).toContain('HUBSPOT_ACCESS_TOKEN is missing');
    await expect(stat(join(folder, '.env'))).rejects.toThrow('ENOENT');
  });
});

test('a setting that is written to a .env file is read back unchanged, and no other line changes', () => {
  // Values that a .env file can hold: one line, with at most two kinds of quotes.
  const unit = fc.oneof(
    { weight: 3, arbitrary: fc.string({ maxLength: 3 }) },
    fc.constantFrom("'", '"', '`', '\\n', '#', '$'),
  );
  const value = fc.array(unit, { maxLength: 10 }).map((units) => units.join(''));
  const plain = value.filter(
    (text) => text === text.trim() && /^[^\n\r]*$/.test(text) && !/^(?=.*')(?=.*`)(?=.*["\\])/.test(text),
  );
  fc.assert(
    fc.property(plain, plain, (before, after) => {
      const file = withSettings(withSettings('# first\nPORT=1\n', { A_TOKEN: before, OTHER: 'x' }), { A_TOKEN: after });
      expect(parseEnv(file)).toEqual({ PORT: '1', A_TOKEN: after, OTHER: 'x' });
      expect(file.startsWith('# first\nPORT=1\n')).toBe(true);
    }),
  );
});
