// Whether a scored lead has left its band for a reason that the guard counts, and what moved it. Pure.
import { type Fields, UNREADABLE } from '../../src/domain/lead.ts';
import { COUNTED_CAUSES, type LeadMove } from '../../src/domain/limits/guard.ts';
import type { Dimension } from '../../src/domain/score-result.ts';
import type { LineTexts, StoredLine } from '../../src/domain/stored-lines.ts';
import type { CompiledModel } from '../../src/scoring/compile/compile.ts';
import type { CompiledStatus } from '../../src/scoring/status.ts';
import { bandIndexOf } from '../../src/scoring/status.ts';
import type { DueLead } from '../../src/store/leads/due-leads.ts';

const DATA_CAUSES: ReadonlySet<string> = new Set(COUNTED_CAUSES.always);
const BEHAVIOR_CAUSES: ReadonlySet<string> = new Set(COUNTED_CAUSES.ifFitExplains);

interface Scored {
  readonly status: string;
  readonly lines: readonly StoredLine[];
}

interface ModelView {
  readonly status: CompiledStatus;
  readonly texts: LineTexts;
}

/** @param after null = the lead is not scored any more */
export function findMove(
  { cause, previous, records }: DueLead,
  after: Scored | null,
  { status, texts }: ModelView,
): Omit<LeadMove, 'model'> | undefined {
  const isCounted = DATA_CAUSES.has(cause) || BEHAVIOR_CAUSES.has(cause);
  if (previous === null || !isCounted || after?.status === previous.status) return undefined;
  // Its records joined another lead, or were deleted.
  if (after === null) return records.length === 0 ? undefined : { from: previous.status, signal: null };
  const isBetter = bandIndexOf(status, after.status) < bandIndexOf(status, previous.status);
  const signal = largestChange(previous.contributions, after.lines, isBetter);
  const dimension: Dimension = (signal === null ? undefined : texts.get(signal)?.[0]?.dimension) ?? 'behavior';
  if (BEHAVIOR_CAUSES.has(cause) && dimension !== 'fit') return undefined;
  return { from: previous.status, signal };
}

/** The line that changed most in the direction of the move. */
function largestChange(before: readonly StoredLine[], after: readonly StoredLine[], isBetter: boolean): string | null {
  const changes = new Map<string, number>();
  for (const [signal, points] of after) changes.set(signal, (changes.get(signal) ?? 0) + points);
  for (const [signal, points] of before) changes.set(signal, (changes.get(signal) ?? 0) - points);
  const [largest] = [...changes]
    .filter(([, change]) => (isBetter ? change > 0 : change < 0))
    .toSorted(([, a], [, b]) => Math.abs(b) - Math.abs(a));
  return largest?.[0] ?? null;
}

/** The criteria and state signals of a model that read a field which the CRM does not show. */
export function unreadableSignals({ fit, behavior }: CompiledModel, fields: Fields): readonly string[] {
  const states = behavior.signals.flatMap((signal) => (signal.kind === 'state' ? [signal] : []));
  const isUnreadable = (field: string) => fields[field] === UNREADABLE;
  return [...fit.criteria, ...states].flatMap(({ id, fields: read }) => (read.some(isUnreadable) ? [id] : []));
}
