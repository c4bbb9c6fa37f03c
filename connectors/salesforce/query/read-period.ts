// Reads the records of one object that Salesforce changed in a period, oldest first. A query that
// Salesforce refuses because it is too large is cut: half of the period, then half of that. A
// period of a minute that still fails is left out, and the next one is read.
import { z } from 'zod';
import type { FailedPart, StreamPart } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { toInstant } from '../../../src/mapping/values/convert-value.ts';
import { toFailure } from '../../kit/stream-parts.ts';
import { mayBeSmaller } from '../http/error-scope.ts';
import { PAGE_ROWS, type QueryContext, type RowPage, type RowQuery, readRows } from './query.ts';
import { repeatedPageError } from './read-by-ids.ts';
import { all, any, type Condition, compare, id, instant } from './soql.ts';

/** The first record to read: at this instant (epoch ms) or later, after this ID. */
export const positionSchema = z.object({ at: z.number(), id: z.string().nullable() });
export type Position = z.infer<typeof positionSchema>;

const MIN_PERIOD_MS = 60_000;
/** Periods in a row that fail: the object as a whole cannot be read. */
const MAX_FAILED_PERIODS = 3;

export interface PeriodPage extends Pick<RowPage, 'rows' | 'unreadable'> {
  /** Periods before these rows that could not be read. */
  readonly failed: readonly FailedPart[];
  /** Where the next page begins; null = the period is read. */
  readonly next: Position | null;
}

type PeriodQuery = Pick<RowQuery, 'what' | 'from' | 'fields' | 'includeDeleted' | 'where'>;

interface Period {
  readonly start: Position;
  /** `start.at` itself is excluded. */
  readonly isOpenStart?: boolean;
  /** Excluded (epoch ms). */
  readonly until: number;
}

interface Window {
  readonly position: Position;
  readonly operator: '>' | '>=';
  readonly end: number;
  /** The end of the whole period. */
  readonly until: number;
}

/** @throws ConnectorError if even short periods fail, or not because of the size of the query */
export async function* readPeriod(
  context: QueryContext,
  query: PeriodQuery,
  { start, isOpenStart = false, until }: Period,
  signal: AbortSignal,
): AsyncGenerator<PeriodPage> {
  let window: Window = { position: start, operator: isOpenStart ? '>' : '>=', end: until, until };
  let failed: readonly FailedPart[] = [];
  for (;;) {
    const result = await readWindow(context, query, window, signal);
    if (result instanceof ConnectorError) {
      ({ window, failed } = afterFailure(query.from, { window, failed }, result));
      continue;
    }
    const { rows, unreadable, hasMore } = result;
    const next = nextPosition(result, window);
    yield { rows, unreadable, failed, next };
    if (next === null) return;
    failed = [];
    // After a success the period grows again.
    window = hasMore
      ? { ...window, position: next, operator: '>=' }
      : windowAfter(window, 2 * Math.max(window.end - window.position.at, MIN_PERIOD_MS));
  }
}

interface Progress {
  readonly window: Window;
  readonly failed: readonly FailedPart[];
}

/**
 * A shorter period, or the next one.
 * @throws the error if the object as a whole cannot be read
 */
function afterFailure(object: string, { window, failed }: Progress, error: ConnectorError): Progress {
  const smaller = half(window);
  if (smaller !== null) return { window: smaller, failed };
  const all = [...failed, failedPeriod(object, window, error)];
  if (all.length >= MAX_FAILED_PERIODS || window.end >= window.until) throw error;
  return { window: windowAfter(window, MIN_PERIOD_MS), failed: all };
}

/** One query: the page, or an error that a shorter period may not have. */
async function readWindow(
  context: QueryContext,
  query: PeriodQuery,
  { position, operator, end }: Window,
  signal: AbortSignal,
): Promise<RowPage | ConnectorError> {
  const where = all(
    ...(query.where === undefined ? [] : [query.where]),
    after(position, operator),
    compare('SystemModstamp', '<', instant(end)),
  );
  try {
    const orderBy = ['SystemModstamp', 'Id'];
    return await readRows(context, { ...query, where, orderBy, limit: PAGE_ROWS }, signal);
  } catch (error) {
    if (mayBeSmaller(error)) return error;
    throw error;
  }
}

/** Null if the period is as short as it may be. */
function half(window: Window): Window | null {
  const { at } = window.position;
  if (window.end - at <= MIN_PERIOD_MS) return null;
  return { ...window, end: at + Math.max(MIN_PERIOD_MS, wholeSeconds((window.end - at) / 2)) };
}

function windowAfter({ end, until }: Window, length: number): Window {
  return { position: { at: end, id: null }, operator: '>=', end: Math.min(until, end + length), until };
}

function failedPeriod(object: string, { position, end }: Window, error: ConnectorError): FailedPart {
  return { ...periodPart(object, position.at, end), failure: toFailure(error) };
}

function after({ at, id: last }: Position, operator: '>' | '>='): Condition {
  if (last === null) return compare('SystemModstamp', operator, instant(at));
  return any(
    compare('SystemModstamp', '>', instant(at)),
    all(compare('SystemModstamp', '=', instant(at)), compare('Id', '>', id(last))),
  );
}

function nextPosition({ hasMore, last }: RowPage, { position, end, until }: Window): Position | null {
  if (!hasMore) return end >= until ? null : { at: end, id: null };
  const at = toInstant(last?.modstamp ?? '');
  if (last === null || at === null || (at === position.at && last.id === position.id)) throw repeatedPageError();
  return { at, id: last.id };
}

function wholeSeconds(ms: number): number {
  return Math.ceil(ms / 1_000) * 1_000;
}

const PERIOD = 'period';

function periodPart(object: string, from: number, until: number): StreamPart {
  return { kind: PERIOD, id: `${object} ${new Date(from).toISOString()}/${new Date(until).toISOString()}` };
}

/** The period of a part of `periodPart`; null for any other part, or another object. */
export function periodOf({ kind, id: name }: StreamPart, object: string): { from: number; until: number } | null {
  const [, of, start = '', end = ''] = /^(\w+) ([^/]+)\/(.+)$/.exec(name) ?? [];
  const [from, until] = [toInstant(start), toInstant(end)];
  return kind === PERIOD && of === object && from !== null && until !== null ? { from, until } : null;
}
