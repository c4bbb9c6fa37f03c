// Bands, requirements and gates that no lead can reach, or that never decide anything.
import type { ModelProblem } from '../checks/model-checks.ts';
import { gradeThresholds } from '../grade-thresholds.ts';
import type { Model } from '../schemas/model-schema.ts';
import type { BandSource, Requires } from '../schemas/status-schema.ts';
import { basisSpan, type Reach, type Span, thresholdOf } from './reach.ts';

export function findBandRules(model: Model, reach: Reach): ModelProblem[] {
  const { bands, basis = 'total' } = model.status;
  const order = basis === 'matrix' ? repeatedCells(bands) : orderProblems(model);
  const isOrdered = !order.some(({ level }) => level === 'error');
  const reachable = basis === 'matrix' || !isOrdered ? [] : reachProblems(bands, basisSpan(reach, basis), basis);
  return [
    ...order,
    ...reachable,
    ...bands.slice(0, -1).flatMap((band, index) => requirementProblems(band.requires ?? {}, index, model, reach)),
    ...repeatedLabels(bands),
    ...levelProblems(model, reach),
    ...gateProblems(model),
  ];
}

interface Threshold {
  readonly id: string;
  readonly index: number;
  readonly points: number;
}

/** Bands are tried from the first to the last: a later one with higher points is never reached. */
function orderProblems({ status }: Model): ModelProblem[] {
  const { bands, gates = [] } = status;
  const thresholds = bands.flatMap((band, index): Threshold[] => {
    const points = thresholdOf(band);
    return points === undefined ? [] : [{ id: band.id, index, points }];
  });
  const hasRequires = ({ index }: Threshold) =>
    Object.values(bands[index]?.requires ?? {}).some((each) => each !== undefined);
  const isGateTarget = ({ id }: Threshold) => gates.some((gate) => gate.max_band === id);
  const problems: ModelProblem[] = [];
  for (const band of thresholds) {
    const before = thresholds.find((each) => each.index < band.index && each.points <= band.points);
    if (before === undefined) continue;
    const isSame = before.points === band.points;
    if (hasRequires(before) && isSame) continue;
    if (hasRequires(before)) {
      problems.push(risesBehindRequires(before, band));
      continue;
    }
    if (isSame && isGateTarget(band)) continue;
    // One problem for all bands: their order is one mistake.
    return [...problems, notFalling(thresholds, before, band, bands)];
  }
  return problems;
}

function notFalling(
  all: readonly Threshold[],
  before: Threshold,
  band: Threshold,
  bands: readonly BandSource[],
): ModelProblem {
  const sorted = all.toSorted((a, b) => b.points - a.points);
  const isReversed = sorted[0]?.id !== all[0]?.id;
  const last = all.at(-1);
  const rest =
    isReversed && last?.index === bands.length - 1 ? ` All leads below ${sorted.at(-1)?.points} are ${last.id}.` : '';
  const others = bands.flatMap(({ id, at_least }) => (at_least === undefined ? [id] : []));
  const fix = isReversed
    ? `Write the best band first: ${[...sorted.map(({ id }) => id), ...others].join(', ')}.`
    : `Give ${band.id} fewer points than ${before.id}.`;
  return {
    level: 'error',
    path: ['status', 'bands', band.index, 'at_least'],
    message: `the bands do not fall: ${before.id} begins at ${before.points} and, after it, ${band.id} at ${band.points}, so no lead is ever ${band.id}.${rest}`,
    fix,
  };
}

function risesBehindRequires(before: Threshold, band: Threshold): ModelProblem {
  return {
    level: 'warning',
    path: ['status', 'bands', band.index, 'at_least'],
    message: `${band.id} begins at ${band.points}, above ${before.id} at ${before.points}: only leads that fail the requires of ${before.id} are ${band.id}.`,
    fix: 'Put the band with more points first, if that is not meant.',
  };
}

function reachProblems(bands: readonly BandSource[], { min, max }: Span, basis: string): ModelProblem[] {
  return bands.slice(0, -1).flatMap((band, index): ModelProblem[] => {
    const points = thresholdOf(band);
    if (points === undefined) return [];
    const path = ['status', 'bands', index, 'at_least'];
    if (points > max) {
      const message = `no lead is ever ${band.id}: it begins at ${points}, and the highest ${basis} is ${max}.`;
      return [
        { level: 'warning', path, message, fix: `Write at_least: ${Math.floor(max * 0.8)}, or give more points.` },
      ];
    }
    if (points > min || band.requires !== undefined) return [];
    const after = bands.slice(index + 1).map(({ id }) => id);
    const message = `every lead reaches ${band.id} (from ${points}; the lowest ${basis} is ${min}), so no lead is ever ${after.join(' or ')}.`;
    return [
      { level: 'warning', path, message, fix: `Write at_least: ${min + 1} or more, or remove the bands after it.` },
    ];
  });
}

function requirementProblems(requires: Requires, index: number, model: Model, reach: Reach): ModelProblem[] {
  const id = model.status.bands[index]?.id ?? '';
  const unmet = (key: keyof Requires, why: string, fix: string): ModelProblem => ({
    level: 'warning',
    path: ['status', 'bands', index, 'requires', key],
    message: `no lead is ever ${id}: ${why}.`,
    fix,
  });
  const { min_fit, min_behavior, min_signals, any_signal = [] } = requires;
  const strong = [...reach.signals].filter(([, { max }]) => max >= 1).map(([signal]) => signal);
  const problems: ModelProblem[] = [];
  if (min_fit !== undefined && min_fit > reach.fit.max) {
    problems.push(
      unmet(
        'min_fit',
        `the highest fit is ${reach.fit.max}, below min_fit ${min_fit}`,
        `Write min_fit: ${reach.fit.max} or less.`,
      ),
    );
  }
  if (min_behavior !== undefined && min_behavior > reach.behavior.max) {
    const why = `the highest behavior is ${reach.behavior.max}, below min_behavior ${min_behavior}`;
    problems.push(unmet('min_behavior', why, `Write min_behavior: ${reach.behavior.max} or less.`));
  }
  if (min_signals !== undefined && min_signals > strong.length) {
    const why = `only ${strong.length} signals can be worth 1 point or more, and min_signals is ${min_signals}`;
    problems.push(unmet('min_signals', why, `Write min_signals: ${strong.length} or less.`));
  }
  if (any_signal.length > 0 && !any_signal.some((signal) => strong.includes(signal) || !reach.signals.has(signal))) {
    const why = 'none of the signals of any_signal can be worth 1 point';
    problems.push(unmet('any_signal', why, 'Give one of them more points, or name another one.'));
  }
  const grade = unmetGrade(requires, attainableGrades(model, reach));
  return grade === null ? problems : [...problems, unmet(grade.key, grade.why, 'Allow one of them.')];
}

/** What the requirements on the grade exclude together; null if a grade is left. */
function unmetGrade({ min_grade, exclude_grades = [] }: Requires, grades: readonly string[]) {
  const allowed = grades.filter((grade) => !exclude_grades.some((each) => each === grade));
  const best =
    min_grade === undefined ? allowed : allowed.filter((grade) => grade <= min_grade && grade !== 'Ungraded');
  if (best.length > 0) return null;
  const asked = [
    ...(min_grade === undefined ? [] : [`min_grade ${min_grade}`]),
    ...(exclude_grades.length === 0 ? [] : [`exclude_grades ${exclude_grades.join(', ')}`]),
  ].join(' and ');
  const key = min_grade === undefined ? 'exclude_grades' : 'min_grade';
  return { key, why: `${asked} leave none of the grades that leads have (${grades.join(', ')})` } as const;
}

function attainableGrades({ fit }: Model, reach: Reach): readonly string[] {
  const raised = (fit?.overrides ?? []).length > 0;
  if (raised) return ['A', 'B', 'C', 'D', 'F', 'Ungraded'];
  if (fit === undefined || reach.fit.max === 0) return ['Ungraded'];
  const percents = Object.entries(gradeThresholds(fit.grades));
  return [...percents.flatMap(([grade, percent]) => (percent <= 100 ? [grade] : [])), 'F', 'Ungraded'];
}

/** HubSpot refuses a property with two options of one label. */
function repeatedLabels(bands: readonly BandSource[]): ModelProblem[] {
  const first = new Map<string, string>();
  return bands.flatMap(({ id, label = id }, index): ModelProblem[] => {
    const other = first.get(label.toLowerCase());
    first.set(label.toLowerCase(), id);
    if (other === undefined) return [];
    const message = `${other} and ${id} have the same label "${label}", which a CRM cannot tell apart.`;
    return [{ level: 'warning', path: ['status', 'bands', index, 'label'], message, fix: 'Give one another label.' }];
  });
}

function repeatedCells(bands: readonly BandSource[]): ModelProblem[] {
  const owner = new Map<string, string>();
  return bands.flatMap((band, index) =>
    (band.cells ?? []).flatMap((cell, number): ModelProblem[] => {
      const first = owner.get(cell);
      if (first === undefined) owner.set(cell, band.id);
      if (first === undefined || bands.some(({ id, requires }) => id === first && requires !== undefined)) return [];
      const message = `the cell ${cell} belongs to ${first} already, so it never makes a lead ${band.id}.`;
      return [
        {
          level: 'warning',
          path: ['status', 'bands', index, 'cells', number],
          message,
          fix: 'Remove it from one of them.',
        },
      ];
    }),
  );
}

function levelProblems({ status }: Model, { behavior }: Reach): ModelProblem[] {
  return Object.entries(status.behavior_levels ?? {}).flatMap(([level, points]): ModelProblem[] => {
    if (points <= behavior.max) return [];
    const message = `no lead reaches the behavior level ${level}: it begins at ${points}, and the highest behavior is ${behavior.max}.`;
    return [
      {
        level: 'warning',
        path: ['status', 'behavior_levels', level],
        message,
        fix: `Write ${level}: ${Math.floor(behavior.max * 0.8)}, or give more points.`,
      },
    ];
  });
}

function gateProblems({ status }: Model): ModelProblem[] {
  const best = status.bands[0]?.id;
  return (status.gates ?? []).flatMap((gate, index): ModelProblem[] => {
    if (gate.max_band !== best) return [];
    const message = `the gate ${gate.id} never holds a lead back: ${best} is the best band.`;
    return [
      {
        level: 'warning',
        path: ['status', 'gates', index, 'max_band'],
        message,
        fix: 'Name a lower band, or remove the gate.',
      },
    ];
  });
}
