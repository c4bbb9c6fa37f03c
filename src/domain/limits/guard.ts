// Whether so many leads left their bands that nothing may be written. Pure.

/** Fewer moved leads are no movement of all: a small installation never stops. */
const MIN_MOVED = 20;
/** Nor is a share of fewer leads. */
const MIN_LEADS = 100;

/** The kind of a hold in the list of pauses. */
export const GUARD_KIND = 'guard';

export const GUARD_FIX =
  'Repair the cause, and writing goes on by itself; or accept the movement: npx leadgrade apply --accept.';

export interface GuardNumbers {
  /** Leads that left their band without a change of the model. */
  readonly moved: number;
  /** Leads that may still do so. */
  readonly pending: number;
  /** All leads with a score. */
  readonly leads: number;
}

/** - `over`: more than the share has moved. - `undecided`: it may. - `within`: it cannot. */
export type GuardVerdict = 'over' | 'undecided' | 'within';

/** @param share 0 to 1; 0 = there is no guard */
export function judgeMovement({ moved, pending, leads }: GuardNumbers, share: number): GuardVerdict {
  const isOver = (count: number) => count >= MIN_MOVED && count > share * leads;
  if (!canStop(leads, share) || !isOver(moved + pending)) return 'within';
  return isOver(moved) ? 'over' : 'undecided';
}

/** Whether there is a guard, and enough leads for it. */
export function canStop(leads: number, share: number): boolean {
  return share > 0 && leads >= MIN_LEADS;
}

/** Whether the verdict is `within` whatever the number of leads. */
export function isSurelyWithin({ moved, pending }: Pick<GuardNumbers, 'moved' | 'pending'>, share: number): boolean {
  return share === 0 || moved + pending < MIN_MOVED;
}
