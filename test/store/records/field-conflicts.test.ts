// Which values of score fields count as edits by others, and which as writes of our own.
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { detectConflicts, isEditedByOthers, purgeConflicts } from '../../../src/store/records/field-conflicts.ts';
import { BACKEND } from '../../support/backends.ts';
import { at, CRM, freshStore, ref } from '../fresh-store.ts';

describe('the detection of edited score fields', () => {
  const WROTE = { status: 'hot', total_score: 80, scored_at: '2026-03-10T12:00:00Z' };
  const LATER = '2026-03-10T13:00:00Z';

  test.each([
    ['nothing if the values are as written', WROTE, {}, []],
    ['a status that differs', { ...WROTE, status: 'cold' }, {}, ['status']],
    ['a status and a score that differ', { ...WROTE, status: 'cold', total_score: 9 }, {}, ['total_score', 'status']],
    ['a status that was emptied', { ...WROTE, status: null }, {}, ['status']],
    ['nothing if only white space differs', { ...WROTE, status: ' hot\r\n' }, {}, []],
    ['nothing if a number became text', { ...WROTE, total_score: '80' }, {}, []],
    [
      'nothing if the value was there at the last read',
      { ...WROTE, status: 'cold' },
      { before: { status: 'cold' } },
      [],
    ],
    ['nothing if the value is our pending write', { ...WROTE, status: 'warm' }, { unsent: { status: 'warm' } }, []],
    [
      'nothing if the record holds an unconfirmed write of ours',
      { ...WROTE, status: 'warm', scored_at: LATER },
      {},
      [],
    ],
    ['nothing if we never wrote', { status: 'cold' }, { lastWritten: null }, []],
  ])('returns %s', (_what, crmValues, changes, fields) => {
    const record = { ...ref('a'), before: WROTE, crmValues, lastWritten: WROTE, unsent: null, ...changes };
    const found = detectConflicts(record);
    expect(found.map(({ field }) => field).toSorted()).toEqual([...fields].toSorted());
  });

  test('returns the written value and the edited one', () => {
    const crmValues = { ...WROTE, status: null };
    const record = { ...ref('a'), before: WROTE, crmValues, lastWritten: WROTE, unsent: null };
    expect(detectConflicts(record)).toEqual([{ ...ref('a'), field: 'status', ours: 'hot', theirs: null }]);
  });

  test.each([
    ['the values as written', WROTE, WROTE, false],
    ['another value', { ...WROTE, status: 'cold' }, WROTE, true],
    ['an emptied field', { ...WROTE, status: null }, WROTE, false],
    ['a field emptied to an empty text', { ...WROTE, status: '' }, WROTE, false],
    ['a later write of ours', { ...WROTE, status: 'warm', scored_at: LATER }, WROTE, false],
    ['a value where we never wrote', { status: 'cold' }, null, false],
  ])('%s counts as an edit by others only if we did not write it', (_what, crmValues, lastWritten, expected) => {
    expect(isEditedByOthers(crmValues, lastWritten)).toBe(expected);
  });
});

describe(`the purge of field conflicts (${BACKEND.name})`, () => {
  const setup = BACKEND;
  const store = freshStore(setup);

  async function insertConflicts(id: string, times: number, now = at()): Promise<void> {
    await sql`
      insert into leadgrade.field_conflicts (crm, object, record_id, field, ours, theirs, policy, seen_at)
      select ${CRM}, 'contacts', ${id}, 'status', '"hot"', to_jsonb(n), 'overwrite', ${now}
      from generate_series(1, ${times}) n`.execute(store.db);
  }

  test('leaves the latest 100 conflicts of each record, for a year', async () => {
    await insertConflicts('old', 3, at(-366 * 86_400));
    await insertConflicts('loop', 250);
    await insertConflicts('calm', 3);
    await insertConflicts('loop', 1);
    expect(await purgeConflicts(store.db, at())).toBe(3 + 151);
    const { rows } = await sql`
      select record_id, count(*)::int as count, max((theirs #>> '{}')::int) as last from leadgrade.field_conflicts
      group by record_id order by record_id`.execute(store.db);
    expect(rows).toEqual([
      { record_id: 'calm', count: 3, last: 3 },
      { record_id: 'loop', count: 100, last: 250 },
    ]);
    expect(await purgeConflicts(store.db, at())).toBe(0);
  });
});
