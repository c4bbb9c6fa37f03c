// The commands, options and scripts that the documents name exist.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { loadProgram } from '../../cli/program.ts';
import type { CommandIo } from '../../cli/terminal/io.ts';
import { CODE, ROOT, section, spansOf, TEXTS } from './pages.ts';

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
