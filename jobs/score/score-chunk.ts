// Scores one chunk of due leads: the results that differ from the previous ones, and the records to
// write. Pure.
import type { ScoreResult } from '../../src/domain/score-result.ts';
import { type LineTexts, type StoredLine, toContributions, toStoredLines } from '../../src/domain/stored-lines.ts';
import { type PersonRecord, toLead } from '../../src/people/to-lead.ts';
import { withoutUnreadable } from '../../src/people/unreadable-fields.ts';
import { toLeadState } from '../../src/scoring/lead-state.ts';
import { isState } from '../../src/scoring/ledger.ts';
import { lineTexts } from '../../src/scoring/line-texts.ts';
import { scoreLead } from '../../src/scoring/score-lead.ts';
import { bandIndexOf, type CompiledStatus } from '../../src/scoring/status.ts';
import type { DueLead, PreviousResult } from '../../src/store/leads/due-leads.ts';
import type { NewResult, ScoredLead } from '../../src/store/leads/scored-lead.ts';
import type { MappedCrm } from '../context.ts';
import { findMove } from '../guard/find-move.ts';
import { scoringContext } from './moving-bands.ts';
import type { ScoringInputs } from './scoring-inputs.ts';
import { decideClear, decideWrite, type WriteContext } from './write-decision.ts';

export interface ChunkContext extends WriteContext {
  readonly inputs: ScoringInputs;
  /** In points, by band with `top` or `capacity`. */
  readonly thresholds: Readonly<Record<string, number>>;
  /** By model hash, the labels of the earlier models of previous results; empty for a model that cannot be read. */
  readonly earlierTexts: ReadonlyMap<string, LineTexts>;
}

export function scoreChunk(leads: readonly DueLead[], context: ChunkContext): readonly ScoredLead[] {
  return leads.map((due) => scoreSafely(due, context));
}

/** A lead that cannot be scored does not stop the other leads of its chunk. */
function scoreSafely(due: DueLead, context: ChunkContext): ScoredLead {
  try {
    return scoreOne(due, context);
  } catch (error) {
    const failure = `Scoring failed: ${error instanceof Error ? error.message : String(error)}`;
    return { leadId: due.id, result: null, unscored: false, nextChangeAt: null, records: [], failure };
  }
}

/**
 * A lead is in scope if all its records are: a customer in one CRM is a customer. What a CRM does not show any more
 * leads no record out of it.
 */
export function isInScope(
  records: readonly PersonRecord[],
  crms: ReadonlyMap<string, MappedCrm>,
  { unreadable }: Pick<ScoringInputs, 'unreadable'> = { unreadable: new Map() },
): boolean {
  return records.every((record) => crms.get(record.crm)?.inScope(withoutUnreadable(record, unreadable).fields) ?? true);
}

function scoreOne(due: DueLead, context: ChunkContext): ScoredLead {
  // A stored state has no fields. Out of scope, the lead would not be due because time passed.
  const { state } = due;
  const isOut = state === undefined && !isInScope(due.records, context.crms, context.inputs);
  if (due.records.length === 0 || isOut) return unscored(due, context);
  const lead = state ?? toLead(due, context.inputs);
  const { status } = context.model.compiled;
  const { model, thresholds } = context;
  const scoring = scoringContext(due.cause, due.previous, { hash: model.hash, thresholds });
  const result = scoreLead(lead, model.compiled, context.now, scoring);
  const lines = toStoredLines(result.contributions, lineTexts(context.model.compiled));
  const isNew = due.previous === null || !isVisiblyEqual(due.previous, result, lines, context);
  const records = due.records.flatMap((record) => {
    // The CRM is known to hold this result: skip the explanation.
    if (!isNew && due.previous && record.synced_result_id === due.previous.id) return [];
    return decideWrite(record, { result, lead, previous: due.previous }, context) ?? [];
  });
  const isStateNew = !isState(lead) && result.nextChangeAt !== null;
  return {
    leadId: due.id,
    result: isNew ? toNewResult(result, lines, due, context.model.hash) : null,
    unscored: false,
    nextChangeAt: result.nextChangeAt,
    move: findMove(due, { status: result.status, lines }, moveView(context)),
    rises: bandIndexOf(status, result.status) < bandBefore(status, due),
    records: records.flatMap((each) => (each === 'needs-crm-values' ? [] : each)),
    ...(records.includes('needs-crm-values') && { needsCrmValues: true }),
    ...(isStateNew && { state: toLeadState(lead, context.model.compiled, context.now) }),
  };
}

/** The index of the band that the lead was in. Without a result, it was in the last one. */
function bandBefore(status: CompiledStatus, { previous }: DueLead): number {
  return Math.min(bandIndexOf(status, previous?.status), status.bands.length - 1);
}

/** A lead out of scope keeps its data without a score. Its fields in the CRM are cleared once. */
function unscored(due: DueLead, context: ChunkContext): ScoredLead {
  const records = due.records.map((record) => decideClear(record, context.crms.get(record.crm)));
  const move = findMove(due, null, moveView(context));
  return { leadId: due.id, result: null, unscored: true, nextChangeAt: null, move, records };
}

function moveView({ model: { compiled } }: ChunkContext) {
  return { status: compiled.status, texts: lineTexts(compiled) };
}

function isVisiblyEqual(
  previous: PreviousResult,
  result: ScoreResult,
  lines: readonly StoredLine[],
  context: ChunkContext,
): boolean {
  return (
    previous.grade === result.grade &&
    previous.fit_score === result.fit.score &&
    previous.behavior_score === result.behavior.score &&
    previous.status === result.status &&
    hasSameLines(previous, lines, context)
  );
}

/** Whether the same signals have the same points and labels. */
function hasSameLines(previous: PreviousResult, lines: readonly StoredLine[], context: ChunkContext): boolean {
  const { contributions: before, model_hash } = previous;
  if (before.length !== lines.length) return false;
  const hasSamePoints = lines.every(([signal, points], index) => {
    return before[index]?.[0] === signal && before[index]?.[1] === points;
  });
  if (!hasSamePoints) return false;
  const { model, earlierTexts } = context;
  const texts = lineTexts(model.compiled);
  const labelsBefore = toContributions(
    before,
    model_hash === model.hash ? texts : (earlierTexts.get(model_hash) ?? NONE),
  );
  const labels = toContributions(lines, texts);
  return labels.every(({ label }, index) => labelsBefore[index]?.label === label);
}

const NONE: LineTexts = new Map();

function toNewResult(
  result: ScoreResult,
  contributions: readonly StoredLine[],
  due: DueLead,
  modelHash: string,
): NewResult {
  return {
    as_of: new Date(result.asOf).toISOString(),
    model_hash: modelHash,
    cause: due.cause,
    grade: result.grade,
    coverage: result.coverage,
    fit_score: result.fit.score,
    behavior_score: result.behavior.score,
    total: result.total,
    status: result.status,
    previous_status: due.previous?.status ?? null,
    previous_grade: due.previous?.grade ?? null,
    cell: result.cell,
    thresholds: result.thresholds ?? null,
    contributions,
    gates: result.gates,
  };
}
