// Why the status of a lead changes between two models: the line with the largest change in the
// direction of the move. Pure.
import { GRADES } from '../../domain/score-result.ts';
import type { PlannedLead, Standing } from './plan-report.ts';

export interface MoveCause {
  /** The same for all leads that move for this reason. */
  readonly reason: string;
  /** With the points of this lead. */
  readonly detail: string;
  /** The change in points of the line; null if no line explains the move. */
  readonly points: number | null;
}

/** @param isBetter whether the new band is the better one */
export function whyMoved({ before, after }: Pick<PlannedLead, 'before' | 'after'>, isBetter: boolean): MoveCause {
  if (after === null) return whole('out of scope now');
  if (before === null) return whole('in scope now, or not scored yet');
  const [largest] = changedLines(before, after)
    .filter(({ change }) => (isBetter ? change > 0 : change < 0))
    .toSorted((a, b) => Math.abs(b.change) - Math.abs(a.change));
  if (largest !== undefined) {
    const { label, from, to, change } = largest;
    return { reason: label, detail: `${label} ${from} → ${to}`, points: change };
  }
  const gate = isBetter
    ? before.gates.find((text) => !after.gates.includes(text))
    : after.gates.find((text) => !before.gates.includes(text));
  if (gate !== undefined) return whole(isBetter ? `no gate any more: ${gate}` : `gate: ${gate}`);
  // The same points can be a smaller share of those that can be reached.
  const rank = GRADES.indexOf(before.grade) - GRADES.indexOf(after.grade);
  if (isBetter ? rank > 0 : rank < 0) return whole(`grade ${before.grade} → ${after.grade}`);
  return whole('the limits of the bands');
}

/** Why a lead that keeps its status gets another total or grade; empty if it keeps both. */
export function whyRescored({ before, after }: Pick<PlannedLead, 'before' | 'after'>): string {
  if (before === null || after === null) return '';
  const lines = changedLines(before, after)
    .toSorted((a, b) => Math.abs(b.change) - Math.abs(a.change))
    .map(({ label, from, to }) => `${label} ${from} → ${to}`);
  const grade = before.grade === after.grade ? [] : [`grade ${before.grade} → ${after.grade}`];
  return [...lines, ...grade].join('; ');
}

function whole(reason: string): MoveCause {
  return { reason, detail: reason, points: null };
}

function changedLines(before: Standing, after: Standing) {
  return [...new Set([...before.points.keys(), ...after.points.keys()])].flatMap((signal) => {
    const [former, next] = [before.points.get(signal), after.points.get(signal)];
    const [from, to] = [former?.points ?? 0, next?.points ?? 0];
    return from === to ? [] : [{ label: next?.label ?? former?.label ?? signal, from, to, change: to - from }];
  });
}
