import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { envExample } from '../../../cli/model-files/generate.ts';
import { type Config, readConfig } from '../../../cli/product/config.ts';
import { loadEnvironment } from '../../../cli/product/environment.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadgrade-config-'));
});
afterAll(() => rm(folder, { recursive: true }));

function config(environment: Record<string, string>): Config {
  const result = readConfig(environment);
  if ('problems' in result) throw new Error(result.problems);
  return result.config;
}

function problems(environment: Record<string, string>): string {
  const result = readConfig(environment);
  return 'problems' in result ? result.problems : '';
}

async function file(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

describe('settings', () => {
  test('all have a default, so none must be set', () => {
    expect(config({})).toMatchObject({
      dataDir: '.leadgrade',
      databaseUrl: undefined,
      redisUrl: undefined,
      port: 3000,
      timezone: 'UTC',
      nightlyCron: '0 2 * * *',
      modelFile: 'mappings/model.yaml',
      logLevel: 'info',
      pollSeconds: 60,
    });
  });

  test('that are empty count as not set, as in a copied .env.example', () => {
    expect(config({ DATABASE_URL: '', PORT: ' ' })).toMatchObject({ databaseUrl: undefined, port: 3000 });
  });

  test('may be given as NAME_FILE; the line feed at the end of the file is removed', async () => {
    const path = await file('token', 'a-token-of-the-dashboard\n');
    expect(config({ ADMIN_TOKEN_FILE: path }).adminToken).toBe('a-token-of-the-dashboard');
    const model = await file('model-place', 'models/ours.yaml\n');
    expect(config({ MODEL_FILE_FILE: model }).modelFile).toBe('models/ours.yaml');
  });

  test('that are wrong are all listed in one message, with the value and the expected format', () => {
    const message = problems({
      PORT: '70000',
      TIMEZONE: 'Mars/Olympus',
      NIGHTLY_CRON: 'at night',
      LOG_LEVEL: 'loud',
      POLL_SECONDS: 'often',
      PUBLIC_URL: 'leadgrade',
      METRICS_TOKEN_FILE: join(folder, 'nowhere'),
    });
    expect(message).toMatch(/^7 settings are wrong/);
    expect(message).toContain('PORT must be a port from 0 to 65535, not "70000": for example 3000.');
    expect(message).toContain(
      'TIMEZONE must be a time zone of the IANA, not "Mars/Olympus": for example Europe/Berlin.',
    );
    expect(message).toContain('NIGHTLY_CRON must be five fields (minute, hour, day, month, weekday), not "at night"');
    expect(message).toContain('LOG_LEVEL must be fatal, error, warn, info, debug, trace or silent, not "loud".');
    expect(message).toContain('POLL_SECONDS must be whole seconds from 5 to 86400, not "often": for example 60.');
    expect(message).toContain('PUBLIC_URL must be a URL: for example https://leadgrade.example.com.');
    expect(message).toContain('METRICS_TOKEN_FILE: cannot read');
  });

  test.each([
    ['https://leads.acme.io', 'https://leads.acme.io'],
    ['https://leads.acme.io:8443/', 'https://leads.acme.io:8443'],
    ['http://127.0.0.1:3000//', 'http://127.0.0.1:3000'],
  ])('accept the public URL %s and normalize it', (PUBLIC_URL, publicUrl) => {
    expect(config({ PUBLIC_URL })).toMatchObject({ publicUrl });
  });

  test.each([
    ['a path', 'https://acme.io/leads', 'https://acme.io'],
    ['a query', 'https://acme.io/?a=b', 'https://acme.io'],
    ['a fragment', 'https://acme.io/#a', 'https://acme.io'],
    ['a user and password', 'https://ann:hunter2@acme.io', 'https://acme.io'],
    ['another spelling', 'https://Acme.io:443', 'https://acme.io'],
  ])('refuse a public URL with %s, and suggest the right one', (_what, PUBLIC_URL, origin) => {
    const message = problems({ PUBLIC_URL });
    expect(message).toContain(`Write PUBLIC_URL=${origin}\n`.trim());
    expect(message).not.toContain('hunter2');
  });

  test('that are secret are never printed', () => {
    const message = problems({
      DATABASE_URL: 'mysql://root:hunter2@db/x',
      REDIS_URL: 'hunter2',
      ADMIN_TOKEN: 'hunter2',
    });
    expect(message).toMatch(/DATABASE_URL must be[\s\S]*REDIS_URL must be[\s\S]*ADMIN_TOKEN must have/);
    expect(message).not.toContain('hunter2');
  });

  test('EVENTS_WRITE_KEYS holds a key for each source, and two keys while one replaces the other', () => {
    const one = 'a'.repeat(16);
    const other = 'b'.repeat(16);
    expect(config({ EVENTS_WRITE_KEYS: ` website:${one}, product:${other},product:${one}1 ` }).eventsWriteKeys).toEqual(
      [
        { source: 'website', key: one },
        { source: 'product', key: other },
        { source: 'product', key: `${one}1` },
      ],
    );
    expect(config({}).eventsWriteKeys).toEqual([]);
    for (const wrong of ['website', `website:${one},`, 'website:hunter2', `Web Site:${one}`, `a:${one},b:${one}`]) {
      const message = problems({ EVENTS_WRITE_KEYS: wrong });
      expect(message).toMatch(/EVENTS_WRITE_KEYS must be name:key/);
      expect(message).not.toMatch(/hunter2|aaaa/);
    }
  });

  test('given both as NAME and as NAME_FILE are refused', async () => {
    const path = await file('port', '4000');
    expect(problems({ PORT: '3000', PORT_FILE: path })).toContain('PORT and PORT_FILE are both set. Remove one.');
  });

  test.each(['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Asia/Kathmandu'])(
    'accept the time zone %s',
    (zone) => {
      expect(config({ TIMEZONE: zone }).timezone).toBe(zone);
    },
  );

  test('of a CRM are passed on unparsed, selected by the prefix of their names', async () => {
    const path = await file('secret', 'from a file\n');
    const { connectorSettings } = config({
      HUBSPOT_ACCESS_TOKEN: 'a',
      HUBSPOT_CLIENT_SECRET_FILE: path,
      HUBSPOT_APP_ID: '',
      SALESFORCE_CLIENT_ID: 'b',
    });
    expect(connectorSettings('hubspot')).toEqual({ HUBSPOT_ACCESS_TOKEN: 'a', HUBSPOT_CLIENT_SECRET: 'from a file' });
    expect(connectorSettings('salesforce')).toEqual({ SALESFORCE_CLIENT_ID: 'b' });
    const unreadable = config({ HUBSPOT_ACCESS_TOKEN_FILE: join(folder, 'nowhere') });
    expect(() => unreadable.connectorSettings('hubspot')).toThrow(/HUBSPOT_ACCESS_TOKEN_FILE: cannot read/);
  });

  test('of the environment win over those of .env', async () => {
    await file('.env', 'LEADGRADE_TEST_ONLY=from the file\nPATH=nowhere\n');
    const environment = loadEnvironment(folder);
    expect(environment.LEADGRADE_TEST_ONLY).toBe('from the file');
    expect(environment.PATH).toBe(process.env.PATH);
  });
});

test('.env.example contains every setting (npm run gen writes it)', async () => {
  const written = await readFile(new URL('../../../.env.example', import.meta.url), 'utf8');
  expect(written).toBe(await envExample());
  expect(Object.keys(config({}))).toHaveLength(written.split('# --- ')[0]!.match(/^#[A-Z_]+=/gm)!.length + 1);
});
