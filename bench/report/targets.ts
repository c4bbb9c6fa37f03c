// What a benchmark must reach, and the figure that shows it.
import type { BenchReport, Figure } from '../measuring/report.ts';

interface Target {
  readonly what: string;
  readonly bench: string;
  readonly figure: string;
  readonly atLeast?: number;
  readonly atMost?: number;
}

const CORE = 'Leadgrade, with contributions';
const BESIDE_LOOP = 'speed beside the hand-written loop';

const TARGETS: readonly Target[] = [
  {
    what: 'core with contributions, beside the hand-written loop',
    bench: 'engine',
    figure: `${CORE}: ${BESIDE_LOOP}`,
    atLeast: 0.5,
  },
  {
    what: '… with the next change',
    bench: 'engine',
    figure: `Leadgrade, with next change: ${BESIDE_LOOP}`,
    atLeast: 0.3,
  },
  {
    what: '… with the text',
    bench: 'engine',
    figure: `Leadgrade, with next change and text: ${BESIDE_LOOP}`,
    atLeast: 0.1,
  },
  {
    what: 'core with contributions, beside json-rules-engine',
    bench: 'engine',
    figure: 'Leadgrade beside json-rules-engine, totals only',
    atLeast: 80,
  },
  {
    what: '… beside a ZEN decision table',
    bench: 'engine',
    figure: 'Leadgrade beside ZEN decision table, totals only',
    atLeast: 30,
  },
  {
    what: '… beside json-logic-engine, compiled',
    bench: 'engine',
    figure: 'Leadgrade beside json-logic-engine, compiled, totals only',
    atLeast: 0.6,
  },
  {
    what: 'first scoring, CPU of Node and Postgres a lead',
    bench: 'nightly',
    figure: 'first scoring: CPU a lead',
    atMost: 200,
  },
  { what: '… beside the floor', bench: 'nightly', figure: 'first scoring: CPU beside the floor', atMost: 2 },
  {
    what: 'decay night, CPU of Node and Postgres a lead',
    bench: 'nightly',
    figure: 'decay night: CPU a lead',
    atMost: 150,
  },
  { what: '… beside the floor', bench: 'nightly', figure: 'decay night: CPU beside the floor', atMost: 2 },
  {
    what: 'two workers beside one, CPU a lead',
    bench: 'nightly',
    figure: '2 workers beside 1: CPU a lead',
    atMost: 1.05,
  },
  {
    what: '10,000 due of 1,000,000 beside 10,000 of 100,000, CPU',
    bench: 'size',
    figure: 'night beside the smaller size: CPU',
    atMost: 1.15,
  },
  {
    what: 'idle poll at 1,000,000 leads, slowest statement',
    bench: 'size',
    figure: 'idle poll: slowest statement',
    atMost: 5,
  },
  {
    what: 'statements that read a large table as a whole',
    bench: 'size',
    figure: 'statements that read a whole table',
    atMost: 0,
  },
  {
    what: 'statements that read more pages in a larger database',
    bench: 'size',
    figure: 'statements that grow',
    atMost: 0,
  },
  { what: 'peak resident memory at 1,000,000 leads', bench: 'size', figure: 'peak memory', atMost: 512 },
  { what: 'rows, night 120 beside night 60', bench: 'growth', figure: 'rows, last night beside half', atMost: 1.049 },
  { what: 'bytes, night 120 beside night 60', bench: 'growth', figure: 'bytes, last night beside half', atMost: 1.049 },
  {
    what: 'HubSpot: share of the rate limit while a backlog exists',
    bench: 'writeback',
    figure: 'hubspot: share of the rate limit',
    atLeast: 95,
  },
  {
    what: 'HubSpot: calls rejected with 429',
    bench: 'writeback',
    figure: 'hubspot: calls rejected with 429',
    atMost: 0,
  },
  {
    what: 'HubSpot: calls beside the least possible',
    bench: 'writeback',
    figure: 'hubspot: calls beside the least possible',
    atMost: 1,
  },
  {
    what: 'Salesforce: calls rejected with 429',
    bench: 'writeback',
    figure: 'salesforce: calls rejected with 429',
    atMost: 0,
  },
  {
    what: 'Salesforce: calls beside the least possible',
    bench: 'writeback',
    figure: 'salesforce: calls beside the least possible',
    atMost: 1,
  },
  {
    what: '`--help`, CPU beside `node -e 0`',
    bench: 'start',
    figure: '--help: CPU beside node -e 0',
    atMost: 3,
  },
  {
    what: '`score` of one lead, CPU beside `node -e 0`',
    bench: 'start',
    figure: 'score, one lead: CPU beside node -e 0',
    atMost: 5,
  },
];

/** The rows of the table: what, target, reached, met. */
export function targetRows(reports: ReadonlyMap<string, BenchReport>): readonly (readonly string[])[] {
  return TARGETS.map((target) => {
    const figure = reports.get(target.bench)?.figures.find(({ name }) => name === target.figure);
    const limit = target.atLeast ?? target.atMost ?? Number.NaN;
    const wanted = `${target.atLeast === undefined ? 'at most' : 'at least'} ${shown(limit, figure?.unit ?? '')}`;
    if (figure === undefined || figure.value === null) return [target.what, wanted, 'not measured', ''];
    return [target.what, wanted, figureText(figure), isMet(figure.value, target) ? 'yes' : '**no**'];
  });
}

function isMet(
  value: number,
  { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY }: Target,
): boolean {
  return value >= atLeast && value <= atMost;
}

/** An asterisk: depends on how fast and how idle the machine is. */
export function figureText({ value, unit, kind }: Figure): string {
  if (value === null) return 'not measured';
  return `${shown(value, unit)}${kind === 'cpu' || kind === 'wall' ? ' \\*' : ''}`;
}

function shown(value: number, unit: string): string {
  const digits = unit === 'x' || Math.abs(value) < 10 ? 2 : unit === '%' ? 1 : 0;
  const text = value.toLocaleString('en-US', { maximumFractionDigits: Number.isInteger(value) ? 0 : digits });
  if (unit === '') return text;
  return unit === 'x' ? `${text}x` : `${text} ${unit}`;
}
