// Signals, groups and criteria that give nothing, count twice, or fade within a day.
import type { ModelProblem } from '../checks/model-checks.ts';
import type { Condition } from '../schemas/condition.ts';
import type { Model } from '../schemas/model-schema.ts';
import type { SignalSource } from '../schemas/signal-schema.ts';
import { durationMs } from '../time/duration.ts';
import { toConjunction } from './conjunction.ts';
import { contradictionIn } from './contradictions.ts';
import type { Reach } from './reach.ts';

type Path = ModelProblem['path'];

export function findSignalRules(model: Model, reach: Reach): ModelProblem[] {
  const { signals = [] } = model.behavior ?? {};
  return [
    ...signals.flatMap((signal, index) => signalProblems(signal, ['behavior', 'signals', index], reach)),
    ...repeatedSignals(signals),
    ...decayProblems(model),
    ...criterionProblems(model),
  ];
}

function signalProblems(signal: SignalSource, path: Path, reach: Reach): ModelProblem[] {
  const { min = 0, max = 0 } = reach.signals.get(signal.id) ?? {};
  const problems: ModelProblem[] = [];
  if (min === 0 && max === 0) {
    const message = `the signal ${signal.id} gives no points.`;
    problems.push({ level: 'warning', path, message, fix: 'Give it points, or remove it.' });
  }
  if (signal.kind === 'tiered') problems.push(...tierProblems(signal.tiers, path));
  for (const [key, condition] of signalConditions(signal)) {
    const reason = contradictionIn(toConjunction(condition, key.at(-1)));
    if (reason === null) continue;
    const message = `the signal ${signal.id} can never count: ${reason}.`;
    problems.push({
      level: 'error',
      path: [...path, ...key],
      message,
      fix: 'Correct the condition, or remove the signal.',
    });
  }
  return problems;
}

/** Conditions with their paths in the signal; the last key is the default field. */
export function signalConditions(signal: SignalSource): readonly (readonly [readonly string[], Condition])[] {
  if (signal.kind === 'state') return [[['when'], signal.when]];
  const where = signal.kind === 'absent' ? signal.absent.where : signal.where;
  const base = signal.kind === 'absent' ? ['absent', 'where'] : ['where'];
  return Object.entries(where ?? {}).map(([attribute, condition]) => [[...base, attribute], condition] as const);
}

function tierProblems(
  tiers: readonly { readonly count: number; readonly points: number }[],
  path: Path,
): ModelProblem[] {
  return tiers.flatMap(({ count, points }, index): ModelProblem[] => {
    const lower = tiers.find((tier) => tier.count < count && tier.points > points && points > 0);
    if (lower === undefined) return [];
    const message = `${count} activities give ${points} points, fewer than the ${lower.points} for ${lower.count}.`;
    return [{ level: 'warning', path: [...path, 'tiers', index], message, fix: 'Give more activities more points.' }];
  });
}

/** Signals that count the same activities: every one of them gives its points. */
function repeatedSignals(signals: readonly SignalSource[]): ModelProblem[] {
  const first = new Map<string, string>();
  return signals.flatMap((signal, index): ModelProblem[] => {
    const key = whatCounts(signal);
    const other = first.get(key);
    if (other === undefined) {
      first.set(key, signal.id);
      return [];
    }
    const message = `the signals ${other} and ${signal.id} count the same, so it counts twice.`;
    return [
      {
        level: 'warning',
        path: ['behavior', 'signals', index],
        message,
        fix: 'Remove one, or tell them apart with where.',
      },
    ];
  });
}

function whatCounts(signal: SignalSource): string {
  if (signal.kind === 'state') return JSON.stringify(['state', signal.when]);
  if (signal.kind === 'absent') return JSON.stringify(['absent', { ...signal.absent }]);
  return JSON.stringify([signal.activity, signal.where ?? {}]);
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Scores are looked at once a day: what fades within hours is not seen. */
function decayProblems({ behavior }: Model): ModelProblem[] {
  if (behavior === undefined) return [];
  const { half_life, lifetime, signals } = behavior;
  const durations: (readonly [Path, string | undefined])[] = [
    [['behavior', 'half_life'], half_life],
    [['behavior', 'lifetime'], lifetime],
  ];
  signals.forEach((signal, index) => {
    const path: Path = ['behavior', 'signals', index];
    if (signal.kind === 'absent') durations.push([[...path, 'absent', 'for'], signal.absent.for]);
    if (signal.kind === 'state' || signal.kind === 'absent') return;
    durations.push([[...path, 'half_life'], signal.half_life], [[...path, 'lifetime'], signal.lifetime]);
    if (signal.kind === 'tiered') durations.push([[...path, 'window'], signal.window]);
  });
  return durations.flatMap(([path, text]) => (text === undefined || text === 'none' ? [] : tooShort(path, text)));
}

function tooShort(path: Path, text: string): ModelProblem[] {
  const ms = durationMs(text);
  const key = String(path.at(-1));
  const isHalfLife = key === 'half_life';
  if (ms >= (isHalfLife ? 6 * HOUR_MS : HOUR_MS)) return [];
  const left = 100 * 2 ** (-DAY_MS / ms);
  const effect = isHalfLife
    ? `after a day ${left < 0.1 ? 'nothing' : `${left.toFixed(1)} %`} is left of the points`
    : 'that is less than an hour';
  const unit = text.endsWith('m') ? ' m is minutes.' : '';
  return [
    {
      level: 'warning',
      path,
      message: `${key} is ${text}: ${effect}.${unit}`,
      fix: `For days write ${key}: ${Number.parseFloat(text)}d`,
    },
  ];
}

function criterionProblems({ fit }: Model): ModelProblem[] {
  const seen = new Map<string, string>();
  return (fit?.criteria ?? []).flatMap(({ id, field, cases }, index) => {
    const path: Path = ['fit', 'criteria', index];
    const problems: ModelProblem[] = [];
    if (cases.every(({ points }) => points === 0)) {
      problems.push({
        level: 'warning',
        path,
        message: `the criterion ${id} gives no points.`,
        fix: 'Give a case points, or remove it.',
      });
    }
    cases.forEach(({ when, points }, number) => {
      const key = JSON.stringify([field ?? '', when]);
      const other = seen.get(key);
      if (other !== undefined && other !== id && points !== 0) {
        const message = `the criteria ${other} and ${id} have the same condition, so it counts twice.`;
        problems.push({
          level: 'warning',
          path: [...path, 'cases', number],
          message,
          fix: 'Remove one of the two cases.',
        });
      }
      if (other === undefined && points !== 0) seen.set(key, id);
    });
    return problems;
  });
}
