// Checks of a model that its schema cannot express: references, duplicate ids, thresholds in the
// wrong order, unknown names.
import type { Path } from '../../yaml/paths.ts';
import { gradeThresholds } from '../grade-thresholds.ts';
import type { Model } from '../schemas/model-schema.ts';
import type { SignalSource } from '../schemas/signal-schema.ts';
import {
  conditionProblems,
  type ModelProblem,
  repeatedIds,
  unknownActivity,
  unknownFields,
  unknownReference,
} from './model-checks.ts';
import { findStatusProblems } from './status-problems.ts';

/** Problems of a model that its schema accepted, in no particular order. */
export function findProblems(model: Model): ModelProblem[] {
  return [...fitProblems(model), ...behaviorProblems(model), ...findStatusProblems(model)];
}

function fitProblems({ fit }: Model): ModelProblem[] {
  if (!fit) return [];
  const criteria = fit.criteria.flatMap((criterion, index) => {
    const path: Path = ['fit', 'criteria', index];
    const field = criterion.field === undefined ? [] : unknownFields([criterion.field], [...path, 'field']);
    const cases = criterion.cases.flatMap(({ when }, number) =>
      conditionProblems(when, [...path, 'cases', number, 'when'], criterion.field),
    );
    return [...field, ...cases];
  });
  const overrides = (fit.overrides ?? []).flatMap(({ when }, index) =>
    conditionProblems(when, ['fit', 'overrides', index, 'when']),
  );
  return [
    ...repeatedIds(fit.criteria, ['fit', 'criteria']),
    ...repeatedIds(fit.overrides ?? [], ['fit', 'overrides']),
    ...risingGrades(fit.grades),
    ...criteria,
    ...overrides,
  ];
}

function risingGrades(grades: NonNullable<Model['fit']>['grades']): ModelProblem[] {
  const { A, B, C, D } = gradeThresholds(grades);
  if (A > B && B > C && C > D) return [];
  const message = `grade thresholds must fall from A to D (A ${A}, B ${B}, C ${C}, D ${D}).`;
  return [
    { level: 'error', path: ['fit', 'grades'], message, fix: 'Give each grade a lower threshold than the one before.' },
  ];
}

function behaviorProblems({ behavior }: Model): ModelProblem[] {
  if (!behavior) return [];
  const { signals, groups = [], min = 0, max } = behavior;
  const problems = [...repeatedIds(signals, ['behavior', 'signals']), ...repeatedIds(groups, ['behavior', 'groups'])];
  if (max !== undefined && min !== 'none' && min > max) {
    problems.push({
      level: 'error',
      path: ['behavior', 'max'],
      message: `max ${max} is below min ${min}.`,
      fix: `Write max: ${min} or more.`,
    });
  }
  signals.forEach((signal, index) => {
    problems.push(...signalProblems(signal, ['behavior', 'signals', index]));
  });
  return [...problems, ...groupProblems(behavior)];
}

function signalProblems(signal: SignalSource, path: Path): ModelProblem[] {
  switch (signal.kind) {
    case 'state':
      return conditionProblems(signal.when, [...path, 'when']);
    case 'absent': {
      const { activity, requires_activity } = signal.absent;
      const required =
        requires_activity === undefined
          ? []
          : unknownActivity(requires_activity, [...path, 'absent', 'requires_activity']);
      return [...unknownActivity(activity, [...path, 'absent', 'activity']), ...required];
    }
    case 'tiered': {
      const repeated = signal.tiers.flatMap(({ count }, index): ModelProblem[] => {
        const isFirst = signal.tiers.findIndex((tier) => tier.count === count) === index;
        const at = [...path, 'tiers', index, 'count'];
        return isFirst
          ? []
          : [
              {
                level: 'error',
                path: at,
                message: `the tier for count ${count} stands twice.`,
                fix: 'Remove one, or change its count.',
              },
            ];
      });
      return [...repeated, ...unknownActivity(signal.activity, [...path, 'activity'])];
    }
    default:
      return unknownActivity(signal.activity, [...path, 'activity']);
  }
}

function groupProblems({ signals, groups = [] }: NonNullable<Model['behavior']>): ModelProblem[] {
  const ids = new Set(signals.map((signal) => signal.id));
  const owner = new Map<string, string>();
  const problems: ModelProblem[] = [];
  groups.forEach((group, index) => {
    const path: Path = ['behavior', 'groups', index];
    const { min, max } = group;
    if (min === undefined && max === undefined) {
      problems.push({ level: 'error', path, message: 'a group needs max or min.', fix: 'Add max: 10' });
    } else if (min !== undefined && max !== undefined && min > max) {
      problems.push({
        level: 'error',
        path: [...path, 'max'],
        message: `max ${max} is below min ${min}.`,
        fix: `Write max: ${min} or more.`,
      });
    }
    group.signals.forEach((id, number) => {
      const at = [...path, 'signals', number];
      const otherGroup = owner.get(id);
      if (!ids.has(id)) problems.push(unknownReference('signal', id, ids, at));
      else if (otherGroup === undefined) owner.set(id, group.id);
      else
        problems.push({
          level: 'error',
          path: at,
          message: `signal "${id}" is already in group "${otherGroup}".`,
          fix: 'A signal is in one group at most: remove it here or there.',
        });
    });
  });
  return problems;
}
