// Whether so many leads left their bands that nothing may be written. Pure.

/** Fewer moved leads are no movement of all: a small installation never stops. */
export const MIN_MOVED = 20;
/** Nor is a share of fewer leads. */
export const MIN_LEADS = 100;

/** The kind of a hold in the list of pauses. */
export const GUARD_KIND = 'guard';

export const GUARD_FIX =
  'Repair the cause, and writing goes on by itself; or accept the movement: npx leadgrade apply --accept.';

/**
 * The reasons for a scoring (`leads.due_reason`) for which a move counts. Any other reason is one of the operator or of
 * the CRM's own order: another model, a threshold, merged or deleted records, data that is there again.
 */
export const COUNTED_CAUSES = {
  /** The data of the lead is another. */
  always: ['changed', 'person', 'retry', 'data-lost'],
  /** Points of the behavior change by themselves: a move counts if the fit explains it, as the fields changed as well. */
  ifFitExplains: ['activity', 'decay'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** A lead that left its band by one model. */
export interface LeadMove {
  /** The key of the model; null = the first one. */
  readonly model: string | null;
  readonly from: string;
  /** The criterion or signal that changed most in the direction of the move; null = none did. */
  readonly signal: string | null;
}

export interface GuardNumbers {
  /** Leads that left their band without a change of the model. */
  readonly moved: number;
  /** Leads that may still do so. */
  readonly pending: number;
  /** All leads with a score, and those of the moved ones that have none any more. */
  readonly leads: number;
}

/** - `over`: more than the share has moved. - `undecided`: it may. - `within`: it cannot. */
export type GuardVerdict = 'over' | 'undecided' | 'within';

/**
 * @param share 0 to 1; 0 = there is no guard
 * @param isHeld a hold stays although so many leads were deleted that it would not begin
 */
export function judgeMovement({ moved, pending, leads }: GuardNumbers, share: number, isHeld = false): GuardVerdict {
  const isOver = (count: number) => count >= MIN_MOVED && count > share * leads;
  if (!(isHeld ? share > 0 : canStop(leads, share)) || !isOver(moved + pending)) return 'within';
  return isOver(moved) ? 'over' : 'undecided';
}

/** Whether there is a guard, and enough leads for it. */
export function canStop(leads: number, share: number): boolean {
  return share > 0 && leads >= MIN_LEADS;
}

type Counts = Pick<GuardNumbers, 'moved' | 'pending'>;

/** Whether the verdict is `within` whatever the number of leads. */
export function isSurelyWithin({ moved, pending }: Counts, share: number): boolean {
  return share === 0 || moved + pending < MIN_MOVED;
}

/** With so many leads or more the verdict is the same: more need not be counted. */
export function decidingLeads({ moved, pending }: Counts, share: number): number {
  return Math.max(MIN_LEADS, Math.ceil((moved + pending) / share) + 1);
}
