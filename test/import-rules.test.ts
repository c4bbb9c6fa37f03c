// Who may import whom. A new package or folder that a part needs is added here, on purpose.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findCycle, type Import, importsIn, importsOf } from './support/imports.ts';

const ROOT = join(import.meta.dirname, '..');
const FOLDERS = ['src', 'connectors', 'jobs', 'sandbox'];

const CONNECTOR_CONTRACT = /^connectors\/[^/]+\.ts$/;

const COMPOSITION = /^src\/(cli\/|[^/]+\.ts$)/;

interface Rule {
  /** The first rule whose pattern the file matches is its rule. */
  readonly files: RegExp;
  /** Besides its own folder. */
  readonly may: readonly RegExp[];
}

const exactly = (...names: readonly string[]): RegExp => new RegExp(`^(${names.join('|')})$`);
const inside = (...folders: readonly string[]): RegExp => new RegExp(`^(${folders.join('|')})/`);
const NODE = /^node:/;

const RULES: readonly Rule[] = [
  { files: inside('src/domain'), may: [exactly('zod')] },
  { files: inside('src/yaml'), may: [inside('src/domain'), exactly('zod', 'yaml')] },
  { files: inside('src/scoring'), may: [inside('src/domain', 'src/yaml'), exactly('zod', 're2js')] },
  {
    files: inside('src/mapping'),
    may: [inside('src/domain', 'src/yaml'), exactly('src/scoring/conditions\\.ts', 'zod')],
  },
  {
    files: inside('src/people'),
    may: [inside('src/domain', 'src/yaml'), exactly('src/mapping/project-fields\\.ts', 'zod')],
  },
  { files: inside('src/csv/files'), may: [inside('src/domain'), NODE] },
  {
    files: inside('src/csv'),
    may: [
      inside('src/domain', 'src/yaml', 'src/mapping'),
      exactly('src/scoring/(conditions|duration)\\.ts', 'zod', 'csv-parse'),
    ],
  },
  { files: inside('src/review'), may: [inside('src/domain', 'src/scoring', 'src/store'), exactly('zod')] },
  {
    files: inside('src/store'),
    may: [
      inside('src/domain'),
      NODE,
      exactly('zod', 'kysely', 'pg', '@electric-sql/pglite', '@electric-sql/pglite-socket'),
    ],
  },
  {
    files: inside('src/web'),
    may: [
      inside('src/domain', 'src/store', 'src/review'),
      exactly('jobs/queues\\.ts'),
      CONNECTOR_CONTRACT,
      NODE,
      exactly('zod', 'express', 'kysely', 'pino', 'prom-client'),
    ],
  },
  { files: exactly('src/config\\.ts'), may: [NODE, exactly('zod')] },
  // Where the parts are put together.
  { files: COMPOSITION, may: [/./] },
  {
    files: inside('connectors/hubspot'),
    may: [
      inside('src/domain', 'src/mapping'),
      CONNECTOR_CONTRACT,
      NODE,
      exactly('zod', '@hubspot/api-client', 'p-map'),
    ],
  },
  {
    files: inside('connectors/salesforce'),
    may: [
      inside('src/domain', 'src/mapping'),
      CONNECTOR_CONTRACT,
      NODE,
      exactly('zod', 'jsforce', 'csv-parse', 'saxes'),
    ],
  },
  {
    files: /^connectors\/[^/]+\.ts$/,
    may: [inside('src/domain', 'src/mapping'), CONNECTOR_CONTRACT, NODE, exactly('zod', 'p-retry')],
  },
  {
    files: inside('jobs'),
    may: [
      inside('src/domain', 'src/scoring', 'src/mapping', 'src/people', 'src/store', 'src/review'),
      CONNECTOR_CONTRACT,
      NODE,
      // pg: the queue's own pool.
      exactly('zod', 'bullmq', 'ioredis', 'pg', 'pino', 'p-map', 'kysely', 'cron-parser'),
    ],
  },
  {
    files: inside('sandbox'),
    may: [inside('src/domain'), NODE, exactly('zod', 'express', 'csv-parse', '@jetstreamapp/soql-parser-js')],
  },
];

/** Where nothing but these may import from. */
const ENTRANCES: readonly { readonly into: RegExp; readonly only: RegExp }[] = [
  { into: inside('sandbox'), only: /^(sandbox\/|src\/cli\/(sandbox|demo)\b)/ },
  { into: COMPOSITION, only: COMPOSITION },
  // The rest of src/csv is pure.
  { into: inside('src/csv/files'), only: /^src\/(csv\/files|cli)\// },
];

function ownFolder(file: string): string {
  const depth = /^(src|connectors)\//.test(file) ? 2 : 1;
  return `${file.split('/').slice(0, depth).join('/')}/`;
}

function isAllowed({ from, to }: Import): boolean {
  if (ENTRANCES.some(({ into, only }) => into.test(to) && !only.test(from))) return false;
  const rule = RULES.find(({ files }) => files.test(from));
  return rule !== undefined && (to.startsWith(ownFolder(from)) || rule.may.some((may) => may.test(to)));
}

const forbidden = (imports: readonly Import[]): readonly string[] =>
  imports.filter((each) => !isAllowed(each)).map(({ from, to }) => `${from} must not import ${to}`);

describe('imports', () => {
  test('keep to the table of who may import whom', async () => {
    const imports = await importsIn(ROOT, FOLDERS);
    expect(imports.length).toBeGreaterThan(100);
    expect(forbidden(imports)).toEqual([]);
  });

  test('never go round in a circle', async () => {
    expect(findCycle(await importsIn(ROOT, FOLDERS)) ?? []).toEqual([]);
  });

  test.each([
    ['src/scoring/fit.ts', "import { readFile } from 'node:fs/promises';"],
    ['src/scoring/fit.ts', "import {\n  type Kysely,\n  sql,\n} from 'kysely';"],
    ['src/mapping/project.ts', "import type { ScoreModel } from '../scoring/model.ts';"],
    ['src/domain/lead.ts', "export * from '../store/tables.ts';"],
    ['connectors/hubspot/http/client.ts', "import { x } from '../salesforce/http.ts';"],
    ['connectors/hubspot/http/client.ts', "import '../../jobs/queues.ts';"],
    ['jobs/score.ts', "const { create } = await import('../connectors/hubspot/index.ts');"],
    ['src/store/leads/mark-due.ts', "import { Queue } from 'bullmq';"],
    ['web/webhooks/router.ts', "import { scoreLead } from '../scoring/score-lead.ts';"],
    ['web/webhooks/router.ts', "import { runDemo } from '../../sandbox/hubspot/server.ts';"],
    ['src/csv/project-row.ts', "import { openCsv } from './files/open-csv.ts';"],
    ['src/csv/records.ts', "import { createReadStream } from 'node:fs';"],
    ['jobs/score.ts', "import { start } from '../cli/product/open-product.ts';"],
    ['src/nowhere/new.ts', "import { z } from 'zod';"],
  ])('that are forbidden are found: %s, %s', (from, text) => {
    expect(forbidden(importsOf(from, text))).toHaveLength(1);
  });

  test('that go round in a circle are found', () => {
    const ring = [
      ['a.ts', 'b.ts'],
      ['b.ts', 'c.ts'],
      ['c.ts', 'b.ts'],
    ].map(([from = '', to = '']) => ({ from, to }));
    expect(findCycle(ring)).toEqual(['b.ts', 'c.ts', 'b.ts']);
  });
});
