// What a behavior score lacks: a signal that takes points, and decay.
import type { ModelProblem } from '../checks/model-checks.ts';
import type { Model } from '../schemas/model-schema.ts';

const UNSUBSCRIBED =
  '- { id: unsubscribed, label: Unsubscribed, when: { field: contact.email_opt_out, is: true }, points: -20 }';

type Behavior = NonNullable<Model['behavior']>;

export function findMissingParts({ behavior }: Model): ModelProblem[] {
  if (behavior === undefined || behavior.signals.length === 0) return [];
  return [...noNegativeSignal(behavior), ...noDecay(behavior)];
}

function noNegativeSignal({ signals }: Behavior): ModelProblem[] {
  const takesPoints = signals.some((signal) =>
    signal.kind === 'tiered' ? signal.tiers.some(({ points }) => points < 0) : signal.points < 0,
  );
  if (takesPoints) return [];
  const message = 'no signal takes points, so a lead that unsubscribed scores as before.';
  return [{ level: 'warning', path: ['behavior', 'signals'], message, fix: `Add ${UNSUBSCRIBED}` }];
}

function noDecay({ decay, half_life, signals }: Behavior): ModelProblem[] {
  const dated = signals.flatMap((signal) => (signal.kind === 'counted' || signal.kind === 'tiered' ? [signal] : []));
  const isConstant = decay !== 'linear' && half_life === 'none';
  const fades = dated.some((signal) => {
    return (
      signal.lifetime !== undefined || (signal.half_life === undefined ? !isConstant : signal.half_life !== 'none')
    );
  });
  if (dated.length === 0 || fades) return [];
  const message = 'no signal fades: an activity of two years ago gives as many points as one of today.';
  return isConstant
    ? [{ level: 'warning', path: ['behavior', 'half_life'], message, fix: 'Write half_life: 30d' }]
    : [{ level: 'warning', path: ['behavior'], message, fix: 'Remove half_life: none from the signals.' }];
}
