// docs/performance.md, written from the JSON files of the benchmarks.
import type { BenchReport } from '../measuring/report.ts';
import { BENCHES } from './benches.ts';
import { figureText, targetRows } from './targets.ts';

/** More of the cores than this was in use by other programs: the machine was not idle. */
const BUSY_SHARE = 0.15;

interface Parts {
  /** Links to the images, each with its text. */
  readonly charts: readonly { readonly file: string; readonly text: string }[];
  /** A section about missed targets, written by hand. */
  readonly notes: string;
}

export function performancePage(reports: ReadonlyMap<string, BenchReport>, { charts, notes }: Parts): string {
  const all = [...reports.values()];
  const busy = all.filter(({ machine }) => machine.othersShare > BUSY_SHARE);
  return [
    '# Performance',
    '',
    'Written by `npm run bench:report` from the JSON files of the benchmarks; do not edit it. Ratios compare CPU times of',
    'interleaved rounds of one run, so that they hold on any machine, busy or not. In the rows of the core, 2x is twice as',
    'fast; in all others, 2x costs twice as much. Figures with an asterisk are times of this machine.',
    '',
    ...(busy.length === 0 ? [] : [...busyNote(busy), '']),
    '## Targets',
    '',
    ...table(['what', 'target', 'reached', 'met'], targetRows(reports)),
    '',
    notes,
    ...(charts.length === 0
      ? []
      : ['## Growth', '', ...charts.flatMap(({ file, text }) => [`![${text}](${file})`, '', `${text}.`, ''])]),
    '## Machine and commands',
    '',
    ...table(['machine', ''], machineRows(all)),
    '',
    ...table(
      ['command', 'measures', 'commit', 'day', 'took', 'used by other programs'],
      BENCHES.flatMap(({ name, measures }) => {
        const report = reports.get(name);
        if (report === undefined) return [];
        const { command, commit, startedAt, seconds, machine } = report;
        const others = `${Math.round(machine.othersShare * 100)} % of the cores`;
        return [[`\`${command}\``, measures, commit, startedAt.slice(0, 10), `${seconds} s`, others]];
      }),
    ),
    '',
    'A commit with a `+` had changed files.',
    '',
    '## All figures',
    '',
    ...all.flatMap(({ bench, figures }) => [
      `### ${bench}`,
      '',
      ...table(
        ['figure', 'value'],
        figures.flatMap((figure) => (figure.value === null ? [] : [[figure.name, figureText(figure)]])),
      ),
      '',
    ]),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}

function busyNote(busy: readonly BenchReport[]): readonly string[] {
  const names = busy.map(({ bench }) => bench).join(', ');
  return [
    `**The machine also ran other programs (${names}): figures with an asterisk are worse than on an idle one.**`,
  ];
}

function machineRows(reports: readonly BenchReport[]): readonly (readonly string[])[] {
  const distinct = (read: (report: BenchReport) => string | null) =>
    [...new Set(reports.map(read))].filter((each) => each !== null).join('; ');
  return [
    ['cores', distinct(({ machine: { cores, cpu } }) => `${cores}, ${cpu}`)],
    ['memory', distinct(({ machine: { memoryGb } }) => `${memoryGb} GB`)],
    ['Node', distinct(({ machine: { node } }) => node)],
    ['Postgres', distinct(({ machine: { postgres } }) => postgres)],
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
