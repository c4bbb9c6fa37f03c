// The debounce window of a record: the time after a read during which it is not read again.
import { type RawBuilder, sql } from 'kysely';
import { PRIORITY } from '../../domain/priority.ts';

/**
 * Imports send thousands of events and are not urgent: a longer window collects more events in one
 * read.
 */
const IMPORT_FACTOR = 6;

/** The length of the window for a record of that priority, as an SQL interval. */
export function debounceInterval(debounceMs: number, priority: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`(case when (${priority}) = ${PRIORITY.import}::smallint then ${debounceMs * IMPORT_FACTOR}::double precision
    else ${debounceMs}::double precision end * interval '1 millisecond')`;
}
