// All engines of the benchmark give the same results, or their times mean nothing.
import type { Lead } from '../../src/domain/lead.ts';
import type { Line, Outcome } from './outcome.ts';

const TOLERANCE = 1e-9;

/** @throws Error naming the first lead whose results differ */
export async function checkOutcomes(
  leads: readonly Lead[],
  expectedOf: (lead: Lead) => Outcome,
  engines: ReadonlyMap<string, (lead: Lead) => Outcome | Promise<Outcome>>,
): Promise<void> {
  for (const lead of leads) {
    const expected = expectedOf(lead);
    for (const [name, score] of engines) {
      const found = await score(lead);
      if (isSame(expected, found)) continue;
      throw new Error(`${name} differs for lead ${lead.id}: ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`);
    }
  }
}

function isSame(a: Outcome, b: Outcome): boolean {
  const { fit, behavior, grade, status, lines } = b;
  const isSameScore = isNear(a.fit, fit) && isNear(a.behavior, behavior) && a.grade === grade && a.status === status;
  return isSameScore && (lines === null || a.lines === null || haveSameLines(a.lines, lines));
}

function haveSameLines(a: readonly Line[], b: readonly Line[]): boolean {
  return (
    a.length === b.length &&
    a.every((line, index) => {
      const other = b[index];
      return line.signal === other?.signal && line.label === other.label && isNear(line.exact, other.exact);
    })
  );
}

function isNear(a: number, b: number): boolean {
  return Math.abs(a - b) <= TOLERANCE;
}
