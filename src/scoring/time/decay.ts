// Decay of points with age. A half-life halves them at equal intervals; linear decay reduces them
// to 0 over a lifetime.

import type { BehaviorSource } from '../schemas/behavior-schema.ts';
import { durationMs } from './duration.ts';

export type Decay =
  | { readonly shape: 'none' }
  | { readonly shape: 'half_life'; readonly ms: number }
  | { readonly shape: 'linear'; readonly ms: number };

/**
 * The remaining share of a point at an age in milliseconds (not negative): 1 at age 0, never
 * increasing.
 */
export function decayAt(decay: Decay, ageMs: number): number {
  if (decay.shape === 'none') return 1;
  return decay.shape === 'half_life' ? 2 ** (-ageMs / decay.ms) : Math.max(0, 1 - ageMs / decay.ms);
}

/**
 * A signal with its own `half_life` or `lifetime` uses that shape; the others use that of
 * `behavior`.
 */
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

/** The age in milliseconds from which so many points are worth at most `negligible`; `Infinity` = never. */
export function negligibleAge(decay: Decay, points: number, negligible: number): number {
  if (points <= negligible) return 0;
  if (decay.shape === 'none') return Infinity;
  return decay.shape === 'linear' ? decay.ms : decay.ms * Math.log2(points / negligible);
}
