// The history of a lead's score, for `npx leadgrade explain`.
import type { JobContext } from '../../jobs/context.ts';
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
import { modelTexts } from '../../src/store/models/models.ts';
import { yamlValue } from '../../src/yaml/yaml-value.ts';

/** The changes that `explain` prints without `--history`. */
export const RECENT = 5;
/** Changes that people do not see (texts of reasons) are read besides. */
const RESULTS_PER_CHANGE = 4;

export interface History {
  /** Newest first. */
  readonly changes: readonly Change[];
  /** The lead has no score since then. */
  readonly unscoredSince: Date | null;
  /** The first result of the lead is deleted, and all changes that are left are here. */
  readonly isCut: boolean;
  /** More changes are stored. */
  readonly hasMore: boolean;
}

export async function historyOf({ db }: JobContext, leadId: number, limit: number): Promise<History> {
  const most = limit * RESULTS_PER_CHANGE + 1;
  const stored = await resultsOf(db, leadId, most);
  const oldest = stored.at(-1);
  const unscored = await unscoredSince(db, leadId);
  if (oldest === undefined) return { changes: [], unscoredSince: unscored, isCut: false, hasMore: false };
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
  return { changes: all.slice(0, limit), unscoredSince: unscored, isCut: !isComplete && !hasMore, hasMore };
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

/** @param days how long changes of points, and those of grade and status, are kept */
export function historyLines(
  { changes, unscoredSince: unscored, isCut, hasMore }: History,
  { historyDays, statusHistoryDays }: JobContext['retention'],
): string[] {
  const lines = [
    ...(unscored === null ? [] : [`${minuteOf(unscored.getTime())}  no score: out of scope, or without a live record`]),
    ...changes.map(changeLine),
    ...(hasMore ? ['Older changes: --history, with --limit for more.'] : []),
    ...(isCut
      ? [
          `Older changes were deleted: points are kept for ${historyDays} days, grade and status for ${statusHistoryDays}.`,
        ]
      : []),
  ];
  return lines.length === 0 ? [] : ['', 'History, newest first (UTC):', ...lines.map((line) => `  ${line}`)];
}

/** For `--json`. */
export function historyJson({ changes, unscoredSince: unscored, isCut, hasMore }: History) {
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
