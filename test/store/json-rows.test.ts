import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { jsonRows } from '../../src/store/json-rows.ts';
import { BACKEND } from '../support/backends.ts';
import { freshStore } from './fresh-store.ts';

describe(`text that Postgres cannot store (${BACKEND.name})`, () => {
  const setup = BACKEND;
  const store = freshStore(setup);

  test.each([
    ['NUL', 'a\0b', 'ab'],
    ['the first half of an emoji', '120 people \u{1f680}'.slice(0, -1), '120 people \ufffd'],
    ['the second half of an emoji', '\u{1f680}'.slice(1), '\ufffd'],
    ['a whole emoji', '\u{1f680}', '\u{1f680}'],
    ['an escape sequence as plain text', String.raw`\u0000 \ud83d`, String.raw`\u0000 \ud83d`],
  ])('%s does not fail its statement', async (_what, given, stored) => {
    const rows = jsonRows([{ name: given, list: [given], count: 1 }]);
    const { rows: found } = await sql`select * from ${rows} as t (name text, list jsonb, count int)`.execute(store.db);
    expect(found).toEqual([{ name: stored, list: [stored], count: 1 }]);
  });
});
