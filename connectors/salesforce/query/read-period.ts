// Reads the records of one object that Salesforce changed in a period, oldest first. A query that
// Salesforce refuses because it is too large is cut: half of the period, then half of that. A
// period of a minute that still fails is left out, and the next one is read.
import { z } from 'zod';
import type { FailedPart, StreamPart } from '../../../src/crm/connector.ts';
import type { ConnectorError } from '../../../src/crm/connector-error.ts';
import { toInstant } from '../../../src/mapping/convert-value.ts';
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

/** @throws ConnectorError if even short periods fail, or not because of the size of the query */
export async function* readPeriod(
  context: QueryContext,
  query: PeriodQuery,
  { start, isOpenStart = false, until }: Period,
  signal: AbortSignal,
): AsyncGenerator<PeriodPage> {
  let position = start;
  let end = until;
  let failed: FailedPart[] = [];
  let isFirst = true;
  for (;;) {
    const operator = isFirst && isOpenStart ? '>' : '>=';
    const where = all(
      ...(query.where === undefined ? [] : [query.where]),
      after(position, operator),
      compare('SystemModstamp', '<', instant(end)),
    );
    const length = end - position.at;
    let page: RowPage;
    try {
      const orderBy = ['SystemModstamp', 'Id'];
      page = await readRows(context, { ...query, where, orderBy, limit: PAGE_ROWS }, signal);
    } catch (error) {
      if (!mayBeSmaller(error)) throw error;
      if (length > MIN_PERIOD_MS) {
        end = position.at + Math.max(MIN_PERIOD_MS, wholeSeconds(length / 2));
        continue;
      }
      failed.push({ ...periodPart(query.from, position.at, end), failure: failureOf(error) });
      if (failed.length >= MAX_FAILED_PERIODS || end >= until) throw error;
      position = { at: end, id: null };
      end = Math.min(until, end + MIN_PERIOD_MS);
      isFirst = false;
      continue;
    }
    const next = nextPosition(page, { position, end, until });
    yield { rows: page.rows, unreadable: page.unreadable, failed, next };
    if (next === null) return;
    failed = [];
    isFirst = false;
    // After a success the period grows again.
    if (!page.hasMore) end = Math.min(until, end + 2 * Math.max(length, MIN_PERIOD_MS));
    position = next;
  }
}

function after({ at, id: last }: Position, operator: '>' | '>='): Condition {
  if (last === null) return compare('SystemModstamp', operator, instant(at));
  return any(
    compare('SystemModstamp', '>', instant(at)),
    all(compare('SystemModstamp', '=', instant(at)), compare('Id', '>', id(last))),
  );
}

interface Window {
  readonly position: Position;
  readonly end: number;
  readonly until: number;
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

export function failureOf({ code, kind, message, fix }: ConnectorError): FailedPart['failure'] {
  return { code: code ?? kind, message, fix: fix ?? null };
}
