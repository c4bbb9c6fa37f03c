import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { jsonRows } from '../../src/store/json-rows.ts';
import { freshStore, STORES } from './fresh-store.ts';

describe.each(STORES)('text that Postgres does not hold ($name)', (setup) => {
  const store = freshStore(setup);

  test.each([
    ['NUL', 'a\0b', 'ab'],
    ['half an emoji', '120 people \u{1f680}'.slice(0, -1), '120 people \ufffd'],
    ['the other half', '\u{1f680}'.slice(1), '\ufffd'],
    ['a whole emoji', '\u{1f680}', '\u{1f680}'],
    ['what only looks like one', String.raw`\u0000 \ud83d`, String.raw`\u0000 \ud83d`],
  ])('%s does not stop its statement', async (_what, given, kept) => {
    const rows = jsonRows([{ name: given, list: [given], count: 1 }]);
    const { rows: found } = await sql`select * from ${rows} as t (name text, list jsonb, count int)`.execute(store.db);
    expect(found).toEqual([{ name: kept, list: [kept], count: 1 }]);
  });
});
