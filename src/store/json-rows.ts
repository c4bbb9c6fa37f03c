// Passes rows as one JSON parameter, so that a bulk statement has the same text and plan for any
// number of rows.
import { type RawBuilder, sql } from 'kysely';

/**
 * `jsonb_to_recordset` of `rows`. The caller adds the columns: `from ${jsonRows(refs)} as t (object
 * text, id text)`.
 */
export function jsonRows(rows: readonly object[]): RawBuilder<unknown> {
  return sql`jsonb_to_recordset(${storableJson(rows)}::jsonb)`;
}

// In the notation of JSON.stringify. Text that was cut within an emoji ends with a lone surrogate.
const NOT_STORABLE = /\\u(0000|d[89a-f])/;

/**
 * Postgres rejects a statement with NUL or a lone surrogate, so one such value would block a
 * stream. They are removed.
 */
export function storableJson(value: object): string {
  const json = JSON.stringify(value);
  // Most texts have no escaped character at all, which is found out much faster.
  if (!json.includes('\\u') || !NOT_STORABLE.test(json)) return json;
  return JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'string' ? each.replaceAll('\0', '').toWellFormed() : each,
  );
}
