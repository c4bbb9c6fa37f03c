// How far a model looks back: the age from which an activity of a type no longer matters. Older
// activities can be deleted without a change of any score.
import type { CompiledSignal } from '../compile/compiled-signals.ts';

/**
 * By activity type in milliseconds; `Infinity` = for ever; a type that the model does not read is absent.
 * All older activities together change the exact points of a lead by at most 1e-9, at any later instant,
 * with two exceptions: an absence rule with `requires_activity` needs one activity of that type, however
 * old; and a signal without any matching activity is `unmatched`, not `matched` with 0 points.
 */
export function lookBackOf(signals: readonly CompiledSignal[]): ReadonlyMap<string, number> {
  const byType = new Map<string, number>();
  const extend = (type: string, ms: number) => byType.set(type, Math.max(byType.get(type) ?? 0, ms));
  for (const signal of signals) {
    if (signal.kind === 'state') continue;
    extend(signal.activity, lookBackOfSignal(signal));
    if (signal.kind === 'absent' && signal.requires !== undefined) extend(signal.requires, 0);
  }
  return byType;
}

function lookBackOfSignal(signal: Exclude<CompiledSignal, { kind: 'state' }>): number {
  if (signal.kind === 'absent') return signal.forMs;
  // The latest activity, from which the points decay, lies in the window, too.
  return signal.kind === 'tiered' ? signal.windowMs : signal.lookBackMs;
}
