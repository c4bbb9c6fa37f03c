// Caps below the points of a single activity: the signal never counts in full, and leads that did
// different things look alike.
import type { ModelProblem } from '../checks/model-checks.ts';
import type { Model } from '../schemas/model-schema.ts';
import type { SignalSource } from '../schemas/signal-schema.ts';

export function findHidingCaps({ behavior }: Model): ModelProblem[] {
  if (behavior === undefined) return [];
  const groups = (behavior.groups ?? []).flatMap(({ id, max, signals: ids }, index) => {
    const members = behavior.signals.filter((signal) => ids.includes(signal.id));
    return capProblems(members, max, { what: `the group ${id}`, path: ['behavior', 'groups', index, 'max'] });
  });
  const all = { what: 'behavior', path: ['behavior', 'max'] };
  return [...groups, ...capProblems(behavior.signals, behavior.max, all)];
}

interface Cap {
  readonly what: string;
  readonly path: ModelProblem['path'];
}

function capProblems(signals: readonly SignalSource[], max: number | undefined, { what, path }: Cap): ModelProblem[] {
  const hidden = signals
    .map((signal) => ({ id: signal.id, points: pointsAtOnce(signal) }))
    .filter(({ points }) => points > Math.max(0, max ?? Infinity));
  if (hidden.length === 0) return [];
  const names = hidden.map((each) => `${each.id} (${each.points})`).join(', ');
  const message = `${what} has max ${max}, so ${names} never count${hidden.length === 1 ? 's' : ''} in full.`;
  const most = Math.max(...hidden.map((each) => each.points));
  return [{ level: 'warning', path, message, fix: `Write max: ${most} or more, or give the signal fewer points.` }];
}

/** The points of one activity, or of the best tier. */
function pointsAtOnce(signal: SignalSource): number {
  return signal.kind === 'tiered' ? Math.max(...signal.tiers.map(({ points }) => points)) : signal.points;
}
