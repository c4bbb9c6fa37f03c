// Reads periods once more that could not be read before.
import type { FailedPart, StreamPart } from '../../../src/crm/connector.ts';
import { mayBeSmaller } from '../http/error-scope.ts';
import { type ChangesSource, changesQuery, withModstamp } from './changes.ts';
import type { QueryContext, Row, UnreadableRow } from './query.ts';
import { failureOf, periodOf, readPeriod } from './read-period.ts';

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
    const start = { at: period.from, id: null };
    let failure: FailedPart['failure'] | null = null;
    try {
      for await (const page of readPeriod(context, changesQuery(source), { start, until: period.until }, signal)) {
        failure ??= page.failed[0]?.failure ?? null;
        const isEnd = page.next === null;
        yield {
          ...withModstamp(page),
          failed: isEnd && failure !== null ? [{ kind, id, failure }] : [],
          recovered: isEnd && failure === null ? [{ kind, id }] : [],
        };
      }
    } catch (error) {
      if (!mayBeSmaller(error)) throw error;
      yield { rows: [], unreadable: [], failed: [{ kind, id, failure: failureOf(error) }], recovered: [] };
    }
  }
}
