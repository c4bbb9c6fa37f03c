// What changed in the score of a lead, and why: two results after each other, and what was read in between. Pure.
import type { Fields } from '../../domain/lead.ts';
import type { StoredLine } from '../../domain/stored-lines.ts';
import { toContributions } from '../../domain/stored-lines.ts';
import type { LineReader } from './read-lines.ts';

/** A stored result. Instants are in epoch milliseconds. */
export interface HistoryResult {
  readonly at: number;
  readonly cause: string;
  readonly grade: string;
  readonly status: string;
  readonly cell: string | null;
  readonly fit: number;
  readonly behavior: number;
  readonly total: number;
  /** `name@version`, and the hash of the file. */
  readonly model: string;
  readonly modelHash: string;
  readonly lines: readonly StoredLine[];
  readonly thresholds: Readonly<Record<string, number>> | null;
  readonly gates: readonly string[];
}

export interface HistoryActivity {
  readonly type: string;
  readonly at: number;
  readonly attributes: Fields;
  /** When it was first read. */
  readonly seenAt: number;
  /** When it was deleted in the CRM; null = it was not. */
  readonly goneAt: number | null;
}

export interface HistoryField {
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly seenAt: number;
}

export interface Evidence {
  readonly activities: readonly HistoryActivity[];
  readonly fields: readonly HistoryField[];
}

/** What a part of the difference is due to. */
export type PartKind = 'activity' | 'field' | 'decay' | 'model' | 'other';

/** The parts of a change add up to the difference of the totals. */
export interface HistoryPart {
  readonly kind: PartKind;
  readonly text: string;
  readonly points: number;
}

export interface Change {
  readonly at: number;
  /** Null: the first score. */
  readonly before: HistoryResult | null;
  readonly after: HistoryResult;
  readonly parts: readonly HistoryPart[];
  /** What changed besides points: the model, thresholds, gates, records. */
  readonly causes: readonly string[];
}

export interface HistoryModels {
  readerOf(hash: string): LineReader;
  /** What differs between two models, in words. */
  differences(before: string, after: string): readonly string[];
}

/**
 * The changes that people can see (grade, status, scores), newest first.
 * @param results newest first
 * @param isComplete the last one is the first result of the lead
 */
export function changesOf(
  results: readonly HistoryResult[],
  evidence: Evidence,
  models: HistoryModels,
  isComplete: boolean,
): readonly Change[] {
  return results.flatMap((after, index): Change[] => {
    const before = results[index + 1] ?? null;
    if (before === null && !isComplete) return [];
    if (before !== null && !isVisible(before, after)) return [];
    const parts = before === null ? firstParts(after, models) : partsOf(before, after, evidence, models);
    const causes = before === null ? [] : causesOf(before, after, models);
    return [{ at: after.at, before, after, parts, causes }];
  });
}

function isVisible(before: HistoryResult, after: HistoryResult): boolean {
  return (['grade', 'status', 'cell', 'fit', 'behavior', 'total'] as const).some((key) => before[key] !== after[key]);
}

function firstParts(after: HistoryResult, models: HistoryModels): readonly HistoryPart[] {
  const lines = toContributions(after.lines, models.readerOf(after.modelHash).texts);
  return complete(
    lines.map(({ label, points }) => ({ kind: 'other', text: label, points })),
    after.total,
  );
}

interface LineChange {
  readonly line: string;
  readonly label: string;
  readonly points: number;
}

function partsOf(
  before: HistoryResult,
  after: HistoryResult,
  { activities, fields }: Evidence,
  models: HistoryModels,
): readonly HistoryPart[] {
  const reader = models.readerOf(after.modelHash);
  const isIn = (instant: number | null) => instant !== null && instant > before.at && instant <= after.at;
  const read = activities.filter(({ at, seenAt, goneAt }) => isIn(seenAt) || isIn(at) || isIn(goneAt));
  const changed = fields.filter(({ seenAt }) => isIn(seenAt));
  let faded = 0;
  const parts = lineChanges(before, after, models).flatMap((change): HistoryPart[] => {
    const { line, label, points } = change;
    const own = read.filter((activity) => reader.counts(line, activity));
    if (own.length > 0) return [{ kind: 'activity', text: activityText(label, own, isIn), points }];
    const names = reader.fieldsOf(line);
    const values = changed.filter(({ field }) => names.includes(field));
    if (values.length > 0) return [{ kind: 'field', text: fieldText(values), points }];
    if (before.modelHash !== after.modelHash) return [{ kind: 'model', text: label, points }];
    if (!reader.fades(line)) return [{ kind: 'other', text: label, points }];
    faded += points;
    return [];
  });
  // What rises by more than a rounded point has a cause that the results do not tell, such as linked records.
  const withDecay = faded < 0 ? [...parts, { kind: 'decay' as const, text: 'decay', points: faded }] : parts;
  return complete(withDecay, after.total - before.total);
}

function lineChanges(before: HistoryResult, after: HistoryResult, models: HistoryModels): readonly LineChange[] {
  const [left, right] = [before, after].map(({ lines, modelHash }) => {
    const all = toContributions(lines, models.readerOf(modelHash).texts);
    return new Map(all.map(({ signal, label, points }) => [signal, { label, points }]));
  });
  const lines = new Set([...(right?.keys() ?? []), ...(left?.keys() ?? [])]);
  return [...lines]
    .map((line): LineChange => {
      const [was, is] = [left?.get(line), right?.get(line)];
      return { line, label: labelOf(line, is?.label ?? was?.label), points: (is?.points ?? 0) - (was?.points ?? 0) };
    })
    .filter(({ points }) => points !== 0)
    .toSorted((a, b) => Math.abs(b.points) - Math.abs(a.points));
}

function labelOf(line: string, label = line): string {
  return line.startsWith('cap:') ? `limit of ${label}` : line === 'limit:behavior' ? 'limit of behavior' : label;
}

/** `Viewed pricing on 23 Nov 2026`; the date is that of the latest activity. */
function activityText(
  label: string,
  activities: readonly HistoryActivity[],
  isIn: (instant: number | null) => boolean,
): string {
  const gone = activities.filter(({ goneAt }) => isIn(goneAt));
  const counted = gone.length === activities.length ? gone : activities.filter((each) => !gone.includes(each));
  const latest = counted.reduce((max, { at }) => Math.max(max, at), -Infinity);
  const times = counted.length > 1 ? `, ${counted.length} times` : '';
  return `${label} on ${new Date(latest).toISOString().slice(0, 10)}${times}${counted === gone ? ', deleted' : ''}`;
}

/** `company.employees 40 → 120`: from the first value of the time to the last one. */
function fieldText(values: readonly HistoryField[]): string {
  const byField = Map.groupBy(
    values.toSorted((a, b) => a.seenAt - b.seenAt),
    ({ field }) => field,
  );
  return [...byField]
    .map(([field, changes]) => `${field} ${printed(changes[0]?.before)} → ${printed(changes.at(-1)?.after)}`)
    .join(' and ');
}

const MAX_VALUE = 60;

function printed(value: unknown): string {
  if (value === null || value === undefined || value === '') return 'unknown';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const line = text.replace(/\s+/gu, ' ');
  return line.length > MAX_VALUE ? `${line.slice(0, MAX_VALUE)}...` : line;
}

/** What no line explains, in results whose lines do not add up, is a part of its own. */
function complete(parts: readonly HistoryPart[], difference: number): readonly HistoryPart[] {
  const rest = difference - parts.reduce((sum, { points }) => sum + points, 0);
  const text = Math.abs(rest) === 1 ? 'rounding' : 'other';
  return rest === 0 ? parts : [...parts, { kind: 'other', text, points: rest }];
}

/** The results do not tell these causes apart further. */
const CAUSES: Readonly<Record<string, string>> = {
  person: 'records of the person linked, merged or deleted',
  model: 'mapping, scope, people.yaml or titles.yaml changed',
};
const MAX_DIFFERENCES = 3;

function causesOf(before: HistoryResult, after: HistoryResult, models: HistoryModels): readonly string[] {
  const cause = CAUSES[after.cause];
  const isOtherModel = before.modelHash !== after.modelHash;
  return [
    ...(isOtherModel ? [modelText(before, after, models)] : []),
    ...(cause === undefined || (isOtherModel && after.cause === 'model') ? [] : [cause]),
    ...thresholdTexts(before, after, isOtherModel),
    ...before.gates.filter((gate) => !after.gates.includes(gate)).map((gate) => `gate lifted: ${gate}`),
    ...after.gates.filter((gate) => !before.gates.includes(gate)).map((gate) => `gate: ${gate}`),
  ];
}

function modelText(before: HistoryResult, after: HistoryResult, models: HistoryModels): string {
  const differences = models.differences(before.modelHash, after.modelHash);
  const more = differences.length - MAX_DIFFERENCES;
  const texts = [...differences.slice(0, MAX_DIFFERENCES), ...(more > 0 ? [`${more} more`] : [])];
  return `model ${before.model} → ${after.model}${texts.length === 0 ? '' : ` (${texts.join('; ')})`}`;
}

function thresholdTexts(before: HistoryResult, after: HistoryResult, isOtherModel: boolean): readonly string[] {
  if (isOtherModel || before.status === after.status) return [];
  return Object.entries(after.thresholds ?? {}).flatMap(([band, points]) => {
    const was = before.thresholds?.[band];
    if (was === points) return [];
    return [`${band} begins at ${points} points${was === undefined ? ', its first threshold' : ` instead of ${was}`}`];
  });
}
