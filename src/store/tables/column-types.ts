// Column types that more than one table uses.
import type { ColumnType } from 'kysely';

/** Selected as T, written as JSON text: pg and PGlite would encode an array differently. */
export type Json<T> = ColumnType<T, string, string>;

/** `timestamptz`. */
export type Instant = ColumnType<Date, Date, Date>;
