// How points fade with age. Half-life halves them every so often; linear takes them to nothing over a lifetime.
import { durationMs } from './duration.ts';
import type { BehaviorSource } from './schemas/signal-schema.ts';

export type Decay =
  | { readonly shape: 'none' }
  | { readonly shape: 'half_life'; readonly ms: number }
  | { readonly shape: 'linear'; readonly ms: number };

/** What is left of one point after `ageMs` milliseconds (not negative): 1 at first, never rising. */
export function decayAt(decay: Decay, ageMs: number): number {
  if (decay.shape === 'none') return 1;
  return decay.shape === 'half_life' ? 2 ** (-ageMs / decay.ms) : Math.max(0, 1 - ageMs / decay.ms);
}

/** A signal that names `half_life` or `lifetime` chooses that shape; all others share the one of `behavior`. */
export function decayOf(
  signal: { readonly half_life?: string | undefined; readonly lifetime?: string | undefined },
  behavior: Pick<BehaviorSource, 'decay' | 'half_life' | 'lifetime'>,
): Decay {
  if (signal.half_life !== undefined) return halving(signal.half_life);
  if (signal.lifetime !== undefined) return { shape: 'linear', ms: durationMs(signal.lifetime) };
  if (behavior.decay === 'linear') return { shape: 'linear', ms: durationMs(behavior.lifetime ?? '90d') };
  return halving(behavior.half_life ?? '30d');
}

function halving(halfLife: string): Decay {
  return halfLife === 'none' ? { shape: 'none' } : { shape: 'half_life', ms: durationMs(halfLife) };
}
