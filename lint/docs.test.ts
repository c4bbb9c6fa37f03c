// The documents say what the product does: their examples parse, and the commands, options, settings, files and links that they
// name are there.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { SETTING_NOTES, settingDefaults } from '../cli/product/settings-schema.ts';
import { loadProgram } from '../cli/program.ts';
import type { CommandIo } from '../cli/terminal/io.ts';
import { connectorIds, loadConnector } from '../connectors/registry.ts';
import { ACTIVITY_SOURCES } from '../connectors/salesforce/streams/activity-streams.ts';
import { ENCODINGS, readCsvMapping } from '../src/csv/csv-mapping.ts';
import { DELIMITERS } from '../src/csv/dialect.ts';
import { SCORE_COLUMNS } from '../src/csv/scored-rows.ts';
import { CANONICAL_ACTIVITIES, CANONICAL_FIELDS } from '../src/domain/canonical.ts';
import { SCORE_FIELDS } from '../src/domain/score-fields.ts';
import { readEventsMapping } from '../src/mapping/events-mapping.ts';
import { readMapping, VALUE_KINDS } from '../src/mapping/mapping.ts';
import { readPeople } from '../src/people/people-policy.ts';
import { readModel } from '../src/scoring/schemas/model.ts';

const ROOT = join(import.meta.dirname, '..');
const PAGES = globSync('{*.md,docs/**/*.md,sandbox/*.md,apps/*/*.md,src/store/*.md,jobs/*.md,connectors/*/*.md}', {
  cwd: ROOT,
}).toSorted();
const TEXTS = new Map(PAGES.map((page) => [page, readFileSync(join(ROOT, page), 'utf8')]));

function textOf(page: string): string {
  const text = TEXTS.get(page);
  if (text === undefined) throw new Error(`${page} is missing`);
  return text;
}

interface Block {
  readonly page: string;
  readonly language: string;
  readonly code: string;
}

const FENCED = /^```(\w*)\n(.*?)^```/gms;

const BLOCKS: readonly Block[] = [...TEXTS].flatMap(([page, text]) =>
  [...text.matchAll(FENCED)].map((match) => ({ page, language: match[1] ?? '', code: match[2] ?? '' })),
);

/** What is set as code: the lines of shell and unit blocks, and spans inside the text. */
const CODE = [...TEXTS].flatMap(([page, text]) => {
  const lines = BLOCKS.filter((block) => block.page === page && ['sh', 'ini'].includes(block.language));
  const spans = [...text.replaceAll(FENCED, '').matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
  return [...lines.flatMap(({ code }) => code.split('\n')), ...spans].map((code) => ({ page, code }));
});

/** The part of a page under one of its headings of the second level. */
function section(page: string, heading: string): string {
  const found = textOf(page)
    .split(/^## /m)
    .find((part) => part.startsWith(`${heading}\n`));
  if (found === undefined) throw new Error(`${page} has no section "${heading}"`);
  return found;
}

/** The cells of the rows of a table, without its head. */
function rows(text: string): readonly (readonly string[])[] {
  const lines = text.split('\n').filter((line) => line.startsWith('|'));
  const cells = lines.map((line) => line.split('|').slice(1, -1));
  return cells.slice(2).map((row) => row.map((cell) => cell.trim()));
}

function spansOf(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
}

const READERS = [
  [/^crm:/m, readMapping],
  [/^csv:/m, readCsvMapping],
  [/^activities:\n {2}- from: (track|page|screen|identify)/m, readEventsMapping],
  [/^match:/m, (text: string, file: string) => readPeople(text, file, ['hubspot', 'salesforce'])],
] as const;
const readerOf = (code: string) => READERS.find(([key]) => key.test(code))?.[1] ?? readModel;

describe('examples', () => {
  const examples = BLOCKS.filter(({ language }) => language === 'yaml');

  test.each(examples.map((example) => [example.page, example.code.split('\n')[0], example] as const))(
    '%s: the one that begins with "%s" has no problem',
    (page, _line, { code }) => {
      const { problems } = readerOf(code)(code, page);
      expect(problems).toEqual([]);
    },
  );

  test.each(['mapping', 'model'])('the %s of the whole example has no error', (name) => {
    const file = `docs/examples/x-education/${name}.yaml`;
    const code = readFileSync(join(ROOT, file), 'utf8');
    const { problems } = readerOf(code)(code, file);
    expect(problems.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('are a model in the README, and mappings in their reference', () => {
    expect(examples.filter(({ page }) => page === 'README.md')).toHaveLength(1);
    expect(examples.filter(({ page }) => page === 'docs/mapping.md').length).toBeGreaterThan(1);
  });

  test('the reasons in the picture sum to its total', () => {
    const picture = readFileSync(join(ROOT, 'docs/img/contact.svg'), 'utf8');
    const points = [...picture.matchAll(/>([+-]\d+)</g)].map((match) => Number(match[1]));
    const [, total, fit, behavior] = />(\d+) = fit (\d+) \(\w+\) \+ behavior (\d+)/.exec(picture) ?? [];
    expect(points.reduce((sum, each) => sum + each, 0)).toBe(Number(total));
    expect(Number(fit) + Number(behavior)).toBe(Number(total));
  });
});

interface Mention {
  readonly command: string;
  readonly options: readonly string[];
}

/** `npx leadgrade errors list --limit 3` -> `errors list` with `--limit`. */
function mentionIn(code: string): Mention | null {
  const said = /(?:^|\s)(?:leadgrade|src\/cli\/main\.ts)\s+(.*)$/.exec(code)?.[1]?.split(/\s+/);
  if (said === undefined) return null;
  const end = said.findIndex((word) => !/^[a-z]+(-[a-z]+)*$/.test(word));
  const command = said.slice(0, end < 0 ? said.length : end).join(' ');
  return { command, options: said.filter((word) => /^--[a-z]/.test(word)) };
}

const io: CommandIo = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: {},
  clock: { now: () => new Date() },
  setExitCode: () => undefined,
};

/** What `--help` prints of a command (null: there is none); '' is leadgrade itself. */
function helpOf(program: Command, command: string): string | null {
  const names = command.split(' ').filter(Boolean);
  const found = names.reduce<Command | undefined>(
    (parent, name) => parent?.commands.find((each) => each.name() === name),
    program,
  );
  return found?.helpInformation() ?? null;
}

function optionsIn(help: string): readonly string[] {
  return help.match(/--[a-z][a-z-]*/g) ?? [];
}

describe('the commands that the documents name', async () => {
  const program = await loadProgram(io);
  const mentions = CODE.flatMap(({ code }) => mentionIn(code) ?? []);
  const byCommand = [...Map.groupBy(mentions, ({ command }) => command)];

  test('are many', () => expect(byCommand.length).toBeGreaterThan(10));

  test.each(byCommand)('leadgrade %s is there, with the options that are named', (command, uses) => {
    const help = helpOf(program, command);
    expect(help).not.toBeNull();
    const offered = new Set(optionsIn(help ?? ''));
    expect(uses.flatMap(({ options }) => options).filter((option) => !offered.has(option))).toEqual([]);
  });

  test('are all commands that there are', () => {
    const offered = program.commands.map((command) => command.name());
    expect(offered.length).toBeGreaterThan(10);
    const named = new Set(mentions.map(({ command }) => command.split(' ')[0]));
    // The README's first command runs it by its npm script.
    expect(offered.filter((name) => name !== 'demo' && !named.has(name))).toEqual([]);
    expect(spansOf(section('CHANGELOG.md', 'Pending'))).toEqual(expect.arrayContaining(offered));
  });

  test('options that are named alone are those of a command', () => {
    const alone = CODE.flatMap(({ code }) => /^--[a-z][a-z-]*/.exec(code)?.[0] ?? []);
    const every = [...new Set(['demo', ...mentions.map(({ command }) => command)])];
    const offered = new Set(every.flatMap((command) => optionsIn(helpOf(program, command) ?? '')));
    expect(alone.length).toBeGreaterThan(5);
    expect(alone.filter((option) => !offered.has(option))).toEqual([]);
  });

  test('are written so that they work when pasted: npx leadgrade ...', () => {
    const names = program.commands.map((command) => command.name()).join('|');
    const bare = new RegExp(`(?<!npx )(?<![\\w/.-])leadgrade (?:${names})\\b.*`, 'g');
    const files = ['mappings/*.yaml', 'mappings/presets/*.yaml', '.env.example'].flatMap((glob) =>
      globSync(glob, { cwd: ROOT }),
    );
    const yaml = files.map((file) => [file, readFileSync(join(ROOT, file), 'utf8')] as const);
    const pages = [...TEXTS].filter(([page]) => !/^(CHANGELOG|docs\/decisions)/.test(page));
    const found = [...pages, ...yaml].flatMap(([file, text]) =>
      (text.match(bare) ?? []).map((line) => `${file}: ${line}`),
    );
    expect(found).toEqual([]);
  });

  test('npm scripts are in package.json', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const named = CODE.flatMap(({ code }) => [...code.matchAll(/\bnpm (?:run )?(test|start|(?<=run )[\w:]+)/g)]);
    expect(named.length).toBeGreaterThan(3);
    for (const [, script] of named) expect(Object.keys(scripts)).toContain(script);
  });

  test('the two commands of the README are these', () => {
    const lines = CODE.filter(({ page }) => page === 'README.md').map(({ code }) => code);
    expect(lines).toContain('npm ci && npm run demo -- --once');
    expect(lines).toContain('npm ci && npm test');
  });
});

/** As the repository's page makes it of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');
}

describe('links', () => {
  const links = [...TEXTS].flatMap(([page, text]) =>
    [...text.replaceAll(FENCED, '').matchAll(/\]\(([^)\s]+)\)/g)].map((match) => ({ page, to: match[1] ?? '' })),
  );

  test.each(links.filter(({ to }) => !/^https?:/.test(to)))('$page -> $to', ({ page, to }) => {
    const [path = '', anchor] = to.split('#');
    const file = path === '' ? join(ROOT, page) : join(ROOT, dirname(page), path);
    expect(existsSync(file)).toBe(true);
    if (anchor === undefined) return;
    const headings = readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm);
    expect([...headings].map((match) => anchorOf(match[1] ?? ''))).toContain(anchor);
  });
});

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

test('docs/reliability.md names tests that exist', () => {
  const rows = textOf('docs/reliability.md')
    .split('\n')
    .filter((line) => line.startsWith('| '));
  const named = rows.flatMap((row) => [...(row.split(' | ').at(-1) ?? '').matchAll(/`([\w./-]+)`/g)]);
  const paths = named.map((match) => match[1] ?? '').filter((path) => path !== 'test/');
  expect(paths.length).toBeGreaterThan(40);
  expect(paths.filter((path) => !existsSync(join(ROOT, 'test', path)))).toEqual([]);
});
