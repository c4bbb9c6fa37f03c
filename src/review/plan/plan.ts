// What a change of the model does to all leads: who gets another status, why, and what becomes of the
// queues and of the deals that were won. Only sums are kept, so that memory does not depend on the
// number of leads. Pure.
import { GRADES, type Grade } from '../../domain/score-result.ts';
import type { Move, MoveReason, PlannedBand, PlannedLead, PlanReport, Transition, WonDeal } from './plan-report.ts';
import { whyMoved } from './why-moved.ts';

interface ShownBand {
  readonly id: string;
  readonly label: string;
}

export interface PlanBands {
  /** Best first. */
  readonly before: readonly ShownBand[];
  readonly after: readonly ShownBand[];
}

export interface PlanTally {
  /** Counts a lead. @returns the move, if its status changes */
  add(lead: PlannedLead): Move | null;
  addWon(deal: WonDeal): void;
  report(): PlanReport;
}

const MAX_MOVES = 20;
const MAX_WON = 10;

export function tallyPlan(bands: PlanBands): PlanTally {
  const status = new Counts<string>();
  const grades = new Counts<Grade>();
  const reasons = new Map<string, { leads: number; points: number | null }>();
  const won = { deals: 0, before: new Map<string | null, number>(), after: new Map<string | null, number>() };
  const sums = { leads: 0, better: 0, worse: 0, rescored: 0, wonWorse: 0 };
  const wonWorse: WonDeal[] = [];
  let moves: Move[] = [];

  const addMove = (planned: PlannedLead): Move => {
    const { lead, before, after } = planned;
    const [from, to] = [before?.status ?? null, after?.status ?? null];
    const isBetter = isBetterBand(bands, from, to);
    const cause = whyMoved(planned, isBetter);
    sums[isBetter ? 'better' : 'worse']++;
    const known = reasons.get(cause.reason) ?? { leads: 0, points: cause.points === null ? null : 0 };
    const points = cause.points === null || known.points === null ? null : known.points + cause.points;
    reasons.set(cause.reason, { leads: known.leads + 1, points });
    const totals = { total_before: before?.total ?? null, total_after: after?.total ?? null };
    const move = { lead, from, to, ...totals, reason: cause.detail };
    moves.push(move);
    if (moves.length > 2 * MAX_MOVES) moves = highest(moves);
    return move;
  };

  return {
    add(planned) {
      const { before, after } = planned;
      sums.leads++;
      status.add(before?.status ?? null, after?.status ?? null);
      grades.add(before?.grade ?? null, after?.grade ?? null);
      if (before?.status !== after?.status) return addMove(planned);
      if (before?.total !== after?.total || before?.grade !== after?.grade) sums.rescored++;
      return null;
    },
    addWon(deal) {
      const { before, after } = deal;
      won.deals++;
      if (before !== after && !isBetterBand(bands, before, after)) {
        sums.wonWorse++;
        if (wonWorse.length < MAX_WON) wonWorse.push(deal);
      }
      won.before.set(before, (won.before.get(before) ?? 0) + 1);
      won.after.set(after, (won.after.get(after) ?? 0) + 1);
    },
    report: () => ({
      ...{ leads: sums.leads, moved: sums.better + sums.worse },
      ...{ better: sums.better, worse: sums.worse, rescored: sums.rescored },
      status: status.list(),
      grades: grades.list((a, b) => GRADES.indexOf(a) - GRADES.indexOf(b)),
      bands: allBands(bands).map(({ id, label }): PlannedBand => {
        const counts = { before: status.from(id), after: status.to(id) };
        return { id, label, ...counts, won_before: won.before.get(id) ?? 0, won_after: won.after.get(id) ?? 0 };
      }),
      won_deals: won.deals,
      won_worse: { leads: sums.wonWorse, first: wonWorse },
      reasons: reasonList(reasons),
      moves: highest(moves),
    }),
  };
}

type ReasonSums = ReadonlyMap<string, { readonly leads: number; readonly points: number | null }>;

function reasonList(reasons: ReasonSums): readonly MoveReason[] {
  return [...reasons]
    .map(([reason, { leads, points }]) => ({ reason, leads, mean_points: points === null ? null : points / leads }))
    .toSorted((a, b) => b.leads - a.leads || (a.reason < b.reason ? -1 : 1));
}

/** The bands of the new model, then those that only the model in use has. */
function allBands({ before, after }: PlanBands): readonly ShownBand[] {
  const ids = new Set(after.map(({ id }) => id));
  return [...after, ...before.filter(({ id }) => !ids.has(id))];
}

/** Null: not scored. */
function isBetterBand(
  { before: bandsBefore, after: bandsAfter }: PlanBands,
  before: string | null,
  after: string | null,
): boolean {
  if (before === null) return true;
  if (after === null) return false;
  const next = bandsAfter.findIndex(({ id }) => id === after);
  const former = bandsAfter.findIndex(({ id }) => id === before);
  if (former !== -1) return next < former;
  // A band that the new model no longer has: as far from the best as it was.
  const share = bandsBefore.findIndex(({ id }) => id === before) / Math.max(1, bandsBefore.length - 1);
  return next / Math.max(1, bandsAfter.length - 1) < share;
}

function highest(moves: readonly Move[]): Move[] {
  const size = ({ total_before, total_after }: Move) => Math.max(total_before ?? 0, total_after ?? 0);
  return moves.toSorted((a, b) => size(b) - size(a) || (a.lead < b.lead ? -1 : 1)).slice(0, MAX_MOVES);
}

class Counts<T extends string> {
  readonly #leads = new Map<T | null, Map<T | null, number>>();

  add(from: T | null, to: T | null): void {
    const row = this.#leads.get(from) ?? new Map<T | null, number>();
    row.set(to, (row.get(to) ?? 0) + 1);
    this.#leads.set(from, row);
  }

  from(value: T): number {
    return [...(this.#leads.get(value)?.values() ?? [])].reduce((sum, leads) => sum + leads, 0);
  }

  to(value: T): number {
    return [...this.#leads.values()].reduce((sum, row) => sum + (row.get(value) ?? 0), 0);
  }

  list(order: (a: T, b: T) => number = (a, b) => (a < b ? -1 : a === b ? 0 : 1)): readonly Transition<T>[] {
    const byValue = (a: T | null, b: T | null) =>
      a === null || b === null ? Number(a === null) - Number(b === null) : order(a, b);
    return [...this.#leads]
      .flatMap(([from, row]) => [...row].map(([to, leads]) => ({ from, to, leads })))
      .toSorted((a, b) => byValue(a.from, b.from) || byValue(a.to, b.to));
  }
}
