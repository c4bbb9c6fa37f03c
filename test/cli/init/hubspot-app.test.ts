// `leadgrade init hubspot-app`: its files and its output; apps/hubspot contains its files for the
// shipped mapping.

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { exampleHubSpotApp } from '../../../cli/init/example-hubspot-app.ts';
import { testFolder } from '../../support/test-folder.ts';
import { leadgradeHere } from '../run-command.ts';

const ROOT = join(import.meta.dirname, '../../..');
const APP = 'src/app/app-hsmeta.json';

const appSchema = z.object({
  config: z.object({
    name: z.string(),
    auth: z.object({ requiredScopes: z.array(z.string()) }),
    support: z.object({ supportEmail: z.string() }),
  }),
});

test.each([APP, 'src/app/webhooks/webhooks-hsmeta.json', 'hsproject.json'])(
  '%s in apps/hubspot equals the output of the generator ("npm run gen" writes it)',
  async (file) => {
    const made = new Map(await exampleHubSpotApp());
    expect(await readFile(join(ROOT, 'apps/hubspot', file), 'utf8')).toBe(made.get(`apps/hubspot/${file}`));
  },
);

describe('leadgrade init hubspot-app', () => {
  let folder: string;
  beforeEach(async () => {
    folder = join(await testFolder(), 'app');
  });

  const run = (args: readonly string[], url = 'https://leads.acme.io') =>
    leadgradeHere(['init', 'hubspot-app', '--out', folder, ...args], { env: { PUBLIC_URL: url } });

  test('writes the project, and prints the next steps and the settings to fill in', async () => {
    const { code, stdout } = await run([
      '--name',
      'Acme scores',
      '--support-email',
      'ops@acme.io',
      '--without',
      'content',
    ]);
    expect(code).toBe(0);
    const { config } = appSchema.parse(JSON.parse(await readFile(join(folder, APP), 'utf8')));
    expect(config).toMatchObject({ name: 'Acme scores', support: { supportEmail: 'ops@acme.io' } });
    expect(config.auth.requiredScopes).not.toContain('content');
    expect(stdout).toMatch(/sent to https:\/\/leads.acme.io\/webhooks\/hubspot/);
    for (const text of [
      'hs account auth',
      `(cd ${folder} && hs project upload)`,
      'HUBSPOT_ACCESS_TOKEN',
      'HUBSPOT_CLIENT_SECRET',
    ]) {
      expect(stdout).toContain(text);
    }
  });

  test('does not overwrite existing files without --force', async () => {
    expect((await run([])).code).toBe(0);
    await writeFile(join(folder, APP), 'edited');
    const again = await run([]);
    expect(again.code).toBe(2);
    expect(again.stderr).toMatch(/app-hsmeta.json.*--force overwrites/);
    expect(await readFile(join(folder, APP), 'utf8')).toBe('edited');
    expect((await run(['--force'])).code).toBe(0);
    expect(await readFile(join(folder, APP), 'utf8')).not.toBe('edited');
  });

  test.each([
    ['no public URL', [], ''],
    ['a public URL without TLS', [], 'http://leads.acme.io'],
    ['a public URL with a path', [], 'https://acme.io/leads'],
    ['a scope that cannot be omitted', ['--without', 'oauth'], undefined],
    ['an invalid e-mail address', ['--support-email', 'ops'], undefined],
  ] as const)('with %s ends with exit code 2 and writes nothing', async (_what, args, url) => {
    const { code, stdout } = await run(args, url);
    expect([code, stdout]).toEqual([2, '']);
    expect(await readdir(join(folder, '..'))).toEqual([]);
  });
});
