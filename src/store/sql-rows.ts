// Rows as one JSON parameter: a bulk statement has the same text and plan whatever the number of rows.
import { type RawBuilder, sql } from 'kysely';

/** `jsonb_to_recordset` of `rows`; name its columns behind it: `from ${rowsOf(refs)} as t (object text, id text)`. */
export function rowsOf(rows: readonly object[]): RawBuilder<unknown> {
  return sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)`;
}
