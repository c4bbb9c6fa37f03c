// The tables of the documents list what the code has: settings, fields, streams, columns, dependencies.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SETTING_NOTES, settingDefaults } from '../../cli/product/settings-schema.ts';
import { connectorIds, loadConnector } from '../../connectors/registry.ts';
import { ACTIVITY_SOURCES } from '../../connectors/salesforce/streams/activity-streams.ts';
import { ENCODINGS } from '../../src/csv/csv-mapping.ts';
import { DELIMITERS } from '../../src/csv/dialect.ts';
import { SCORE_COLUMNS } from '../../src/csv/scored-rows.ts';
import { CANONICAL_ACTIVITIES, CANONICAL_FIELDS } from '../../src/domain/canonical.ts';
import { SCORE_FIELDS } from '../../src/domain/score-fields.ts';
import { VALUE_KINDS } from '../../src/mapping/mapping.ts';
import { CODE, FENCED, ROOT, rows, section, spansOf } from './pages.ts';

async function connectorDefaults(): Promise<Readonly<Record<string, unknown>>> {
  const modules = await Promise.all((await connectorIds()).map(loadConnector));
  const shapes = modules.flatMap(({ settingsSchema }) => Object.entries(settingsSchema.shape));
  return Object.fromEntries(shapes.map(([name, schema]) => [name, schema.safeParse(undefined).data]));
}

describe('settings', async () => {
  const own = settingDefaults();
  const ofConnectors = await connectorDefaults();
  const known = new Map([
    ...Object.keys(SETTING_NOTES).map((name) => [name, own[name]] as const),
    ...Object.entries(ofConnectors),
  ]);

  test('in the table of docs/operations.md are those of the schemas, with their defaults', () => {
    const table = rows(section('docs/operations.md', 'Settings'));
    const documented = table.map(([name = '', value = '']) => [spansOf(name)[0], spansOf(value)[0] ?? ''] as const);
    const expected = [...known].map(([name, value]) => [name, value === undefined ? '' : String(value)]);
    expect(documented.toSorted()).toEqual(expected.toSorted());
  });

  test('in .env.example are the same', () => {
    const names = [...readFileSync(join(ROOT, '.env.example'), 'utf8').matchAll(/^#?([A-Z][A-Z_]+)=/gm)];
    expect(names.map((match) => match[1]).toSorted()).toEqual([...known.keys()].toSorted());
  });

  test('that other pages name are there', () => {
    const prefixes = [...new Set([...known.keys()].map((name) => name.split('_')[0]))].join('|');
    const looksLikeOne = new RegExp(`\\b(?:${prefixes})_[A-Z][A-Z_]*\\b`, 'g');
    const named = CODE.flatMap(({ page, code }) => (code.match(looksLikeOne) ?? []).map((name) => ({ page, name })));
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter(({ name }) => !known.has(name.replace(/_FILE$/, '')) && !known.has(name))).toEqual([]);
  });
});

describe('reference tables', () => {
  test("name the mapping's own fields and kinds of value", () => {
    const written = rows(section('docs/mapping.md', '`write_back`')).flatMap(([name = '']) => spansOf(name));
    expect(written.toSorted()).toEqual([...SCORE_FIELDS].toSorted());
    const kinds = rows(section('docs/mapping.md', '`fields`')).flatMap(([name = '']) => spansOf(name));
    expect(kinds).toEqual(expect.arrayContaining([...VALUE_KINDS]));
  });

  test('name the streams of Salesforce', () => {
    const table = section('docs/mapping.md', 'Salesforce').replaceAll(FENCED, '');
    expect(rows(table).flatMap(([name = '']) => spansOf(name))).toEqual(ACTIVITY_SOURCES);
  });

  test('name what a CSV mapping may say of a file, and the columns that are added', () => {
    const said = spansOf(section('docs/exports.md', 'The mapping of an export').replaceAll(FENCED, ''));
    expect(said).toEqual(expect.arrayContaining([...ENCODINGS, ...Object.keys(DELIMITERS)]));
    const added = rows(section('docs/exports.md', 'The scored file')).flatMap(([name = '']) => spansOf(name));
    expect(added).toEqual(SCORE_COLUMNS);
  });

  test('name all canonical fields and activity types', () => {
    const fields = section('docs/mapping.md', '`fields`').replaceAll(/\s+/g, ' ');
    for (const kind of ['contact', 'company']) {
      const listed = new RegExp(`- \`${kind}\\.\` ([a-z_, ]+)`).exec(fields)?.[1]?.trim().split(', ') ?? [];
      expect(listed.map((name) => `${kind}.${name}`)).toEqual(
        CANONICAL_FIELDS.filter((field) => field.startsWith(`${kind}.`)),
      );
    }
    const types = spansOf(section('docs/mapping.md', '`activities`').split('Known types')[1] ?? '');
    expect(types).toEqual(expect.arrayContaining(Object.keys(CANONICAL_ACTIVITIES)));
  });

  test('of ARCHITECTURE.md name five files to read first, and every dependency', () => {
    const order = section('ARCHITECTURE.md', 'Where to start reading').match(/^\d\. \[([^\]]+)\]\(\1\)/gm) ?? [];
    expect(order).toHaveLength(5);
    const listed = rows(section('ARCHITECTURE.md', 'Dependencies')).flatMap(([name = '']) => spansOf(name));
    const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const installed = [...Object.keys(dependencies), ...Object.keys(optionalDependencies)];
    expect(listed.toSorted()).toEqual(installed.toSorted());
  });
});
