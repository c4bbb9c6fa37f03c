// The history of a lead's score, for `npx leadgrade explain`.
import type { JobContext, ScoredModel } from '../../jobs/context.ts';
import { previousOf } from '../../jobs/score/score-model.ts';
import type { Lead } from '../../src/domain/lead.ts';
import { shortHash } from '../../src/domain/texts/model-name.ts';
import { type Change, changesOf, type HistoryModels, type HistoryResult } from '../../src/review/history/history.ts';
import { changeLine, minuteOf } from '../../src/review/history/history-texts.ts';
import { type LineReader, lineReader, NO_READER } from '../../src/review/history/read-lines.ts';
import { modelDifferences } from '../../src/review/plan/model-differences.ts';
import { compileModel } from '../../src/scoring/compile/compile.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';
import {
  activitiesSince,
  fieldChangesSince,
  resultsOf,
  type StoredResult,
  unscoredSince,
} from '../../src/store/leads/history/lead-history.ts';
import type { FoundLead } from '../../src/store/leads/lead-lookup.ts';
import { modelTexts } from '../../src/store/models/models.ts';
import { otherResultsOf } from '../../src/store/models/other-results.ts';
import { yamlValue } from '../../src/yaml/yaml-value.ts';
import { outsideOf } from '../replay/outside-model.ts';

/** The changes that `explain` prints without `--history`. */
export const RECENT = 5;
/** Changes that people do not see (texts of reasons) are read besides. */
const RESULTS_PER_CHANGE = 4;

/** Of the scores of a lead by one model. */
export interface History {
  readonly model: ScoredModel;
  /** Newest first. */
  readonly changes: readonly Change[];
  /** Why the model does not score the lead now; null = it does. */
  readonly outside: string | null;
  /** No model scores the lead since then. */
  readonly unscoredSince: Date | null;
  /** The first result of the lead is deleted, and all changes that are left are here. */
  readonly isCut: boolean;
  /** More changes are stored. */
  readonly hasMore: boolean;
}

/** In the order of the models, the first one first. */
export async function historiesOf(
  { db, models }: JobContext,
  lead: Pick<Lead, 'fields'>,
  { found, limit }: { readonly found: Pick<FoundLead, 'id' | 'previous'>; readonly limit: number },
): Promise<readonly History[]> {
  const { id: leadId } = found;
  const unscored = await unscoredSince(db, leadId);
  const others = (await otherResultsOf(db, [leadId])).get(leadId);
  const histories: History[] = [];
  for (const model of models) {
    const changes = await changesBy(db, { leadId, model: model.key, limit });
    const previous = previousOf(model, { previous: found.previous, others });
    histories.push({ model, outside: outsideOf(model, lead, previous), unscoredSince: unscored, ...changes });
  }
  return histories;
}

interface Asked {
  readonly leadId: number;
  /** The key of the model. */
  readonly model: string | null;
  readonly limit: number;
}

type Changes = Pick<History, 'changes' | 'isCut' | 'hasMore'>;

async function changesBy(db: JobContext['db'], { leadId, model, limit }: Asked): Promise<Changes> {
  const most = limit * RESULTS_PER_CHANGE + 1;
  const stored = await resultsOf(db, leadId, { model, limit: most });
  const oldest = stored.at(-1);
  if (oldest === undefined) return { changes: [], isCut: false, hasMore: false };
  const isComplete = oldest.previous_status === null && stored.length < most;
  const evidence = {
    activities: (await activitiesSince(db, leadId, oldest.as_of)).map(({ at, seen_at, gone_at, ...rest }) => {
      return { ...rest, at: at.getTime(), seenAt: seen_at.getTime(), goneAt: gone_at?.getTime() ?? null };
    }),
    fields: (await fieldChangesSince(db, leadId, oldest.as_of)).map(({ seen_at, ...rest }) => {
      return { ...rest, seenAt: seen_at.getTime() };
    }),
  };
  const texts = await modelTexts(db, [...new Set(stored.map(({ model_hash }) => model_hash))]);
  const all = changesOf(stored.map(toResult), evidence, modelsOf(texts), isComplete);
  const hasMore = all.length > limit || stored.length === most;
  return { changes: all.slice(0, limit), isCut: !isComplete && !hasMore, hasMore };
}

function toResult(stored: StoredResult): HistoryResult {
  const { as_of, cause, grade, status, cell, fit_score, behavior_score, total, thresholds, contributions } = stored;
  const { model, model_hash, is_ambiguous, gates } = stored;
  return {
    ...{ at: as_of.getTime(), cause, grade, status, cell, thresholds, total },
    ...{ fit: fit_score, behavior: behavior_score, lines: contributions, modelHash: model_hash },
    model: is_ambiguous ? `${model} ${shortHash(model_hash)}` : model,
    gates: gates.map(({ label }) => label),
  };
}

function modelsOf(texts: ReadonlyMap<string, string>): HistoryModels {
  const readers = new Map([...texts].map(([hash, text]) => [hash, readerOf(text)]));
  return {
    readerOf: (hash) => readers.get(hash) ?? NO_READER,
    differences: (before, after) =>
      modelDifferences(yamlValue(texts.get(before) ?? ''), yamlValue(texts.get(after) ?? '')),
  };
}

function readerOf(text: string): LineReader {
  const { model } = readModel(text, 'stored model');
  return model === null ? NO_READER : lineReader(model, compileModel(model));
}

/** A section for each model that has scored the lead. */
export function historyLines(histories: readonly History[], retention: JobContext['retention']): string[] {
  const sections = histories.flatMap((history) => {
    const lines = linesOf(history, retention);
    const isEmpty = lines.length === 0 || (histories.length > 1 && history.changes.length === 0);
    if (isEmpty) return [];
    const { name, role } = history.model;
    const of = histories.length === 1 ? '' : ` of ${name} (${role})`;
    return ['', `History${of}, newest first (UTC):`, ...lines.map((line) => `  ${line}`)];
  });
  const [first] = histories;
  const unscored = first === undefined ? [] : unscoredLines({ ...first, outside: null });
  if (sections.length > 0 || unscored.length === 0) return sections;
  return ['', 'History, newest first (UTC):', ...unscored.map((line) => `  ${line}`)];
}

/** @param retention how long changes of points, and those of grade and status, are kept */
function linesOf(history: History, { historyDays, statusHistoryDays }: JobContext['retention']): string[] {
  const { changes, isCut, hasMore } = history;
  return [
    ...unscoredLines(history),
    ...changes.map(changeLine),
    ...(hasMore ? ['Older changes: --history, with --limit for more.'] : []),
    ...(isCut
      ? [
          `Older changes were deleted: points are kept for ${historyDays} days, grade and status for ${statusHistoryDays}.`,
        ]
      : []),
  ];
}

function unscoredLines({ outside, unscoredSince: unscored }: Pick<History, 'outside' | 'unscoredSince'>): string[] {
  if (outside !== null) return [`no score now, as ${outside}`];
  return unscored === null ? [] : [`${minuteOf(unscored.getTime())}  no score: out of scope, or without a live record`];
}

/** Of the first model, and of each by name if there are several. */
export function historiesJson(histories: readonly History[]): object {
  const models = histories.map((history) => {
    const { name, role } = history.model;
    return { name, role, ...historyJson(history) };
  });
  return { ...firstJson(histories), ...(models.length > 1 && { models }) };
}

export function firstJson([first]: readonly History[]): object {
  return first === undefined ? {} : historyJson(first);
}

export function historyJson({ changes, unscoredSince: unscored, isCut, hasMore }: History): object {
  return {
    history: changes.map(({ at, before, after, parts, causes }) => ({
      as_of: new Date(at).toISOString(),
      model: after.model,
      model_hash: after.modelHash,
      cause: after.cause,
      before: before === null ? null : standingOf(before),
      after: standingOf(after),
      parts,
      causes,
    })),
    history_has_more: hasMore,
    history_is_cut: isCut,
    unscored_since: unscored?.toISOString() ?? null,
  };
}

function standingOf({ grade, cell, status, fit, behavior, total }: HistoryResult) {
  return { grade, cell, status, fit_score: fit, behavior_score: behavior, total };
}
