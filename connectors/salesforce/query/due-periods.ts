// Reads periods once more that could not be read before.
import type { FailedPart, StreamPart } from '../../../src/crm/connector.ts';
import { toFailure } from '../../kit/stream-parts.ts';
import { mayBeSmaller } from '../http/error-scope.ts';
import { type ChangesSource, changesQuery, withModstamp } from './changes.ts';
import type { QueryContext, Row, UnreadableRow } from './query.ts';
import { periodOf, readPeriod } from './read-period.ts';

export interface DuePeriod {
  readonly rows: readonly Row[];
  readonly unreadable: readonly UnreadableRow[];
  /** The period fails again. */
  readonly failed: readonly FailedPart[];
  /** The period was read to its end. */
  readonly recovered: readonly StreamPart[];
}

/** @param due parts of the stream, also of other kinds and objects */
export async function* readDuePeriods(
  context: QueryContext,
  source: ChangesSource,
  due: readonly StreamPart[],
  signal: AbortSignal,
): AsyncGenerator<DuePeriod> {
  for (const { kind, id } of due) {
    const period = periodOf({ kind, id }, source.object);
    if (period === null) continue;
    try {
      yield* readDuePeriod(context, source, { part: { kind, id }, ...period }, signal);
    } catch (error) {
      if (!mayBeSmaller(error)) throw error;
      yield { rows: [], unreadable: [], failed: [{ kind, id, failure: toFailure(error) }], recovered: [] };
    }
  }
}

interface PartOfPeriod {
  readonly part: StreamPart;
  readonly from: number;
  readonly until: number;
}

async function* readDuePeriod(
  context: QueryContext,
  source: ChangesSource,
  { part, from, until }: PartOfPeriod,
  signal: AbortSignal,
): AsyncGenerator<DuePeriod> {
  let failure: FailedPart['failure'] | null = null;
  const period = { start: { at: from, id: null }, until };
  for await (const page of readPeriod(context, changesQuery(source), period, signal)) {
    failure ??= page.failed[0]?.failure ?? null;
    const isEnd = page.next === null;
    yield {
      ...withModstamp(page),
      failed: isEnd && failure !== null ? [{ ...part, failure }] : [],
      recovered: isEnd && failure === null ? [part] : [],
    };
  }
}
