// Rows as one JSON parameter: a bulk statement has the same text and plan whatever the number of rows.
import { type RawBuilder, sql } from 'kysely';

/** `jsonb_to_recordset` of `rows`; name its columns behind it: `from ${rowsOf(refs)} as t (object text, id text)`. */
export function jsonRows(rows: readonly object[]): RawBuilder<unknown> {
  return sql`jsonb_to_recordset(${jsonOf(rows)}::jsonb)`;
}

// As JSON.stringify writes them. Text that has been cut in the middle of an emoji has half of one.
const NOT_STORABLE = /\\u(0000|d[89a-f])/;

/** Postgres refuses NUL and halves of characters, and with them the whole statement: one such value would stop a stream. */
function jsonOf(rows: readonly object[]): string {
  const json = JSON.stringify(rows);
  if (!NOT_STORABLE.test(json)) return json;
  return JSON.stringify(rows, (_key, value: unknown) =>
    typeof value === 'string' ? value.replaceAll('\0', '').toWellFormed() : value,
  );
}
