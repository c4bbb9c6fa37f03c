// Who else wrote our fields: what counts as theirs, and what is ours after all.

import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { detectConflicts, isEditedByOthers, purgeConflicts } from '../../../src/store/records/field-conflicts.ts';
import { at, CRM, freshStore, ref, STORES } from '../fresh-store.ts';

describe('what somebody else wrote into our fields', () => {
  const WROTE = { status: 'hot', total_score: 80, scored_at: '2026-03-10T12:00:00Z' };
  const LATER = '2026-03-10T13:00:00Z';

  test.each([
    ['nothing', WROTE, {}, []],
    ['another status', { ...WROTE, status: 'cold' }, {}, ['status']],
    ['a status and a score', { ...WROTE, status: 'cold', total_score: 9 }, {}, ['total_score', 'status']],
    ['nothing at all: emptied', { ...WROTE, status: null }, {}, ['status']],
    ['the same with other spaces', { ...WROTE, status: ' hot\r\n' }, {}, []],
    ['the same number as text', { ...WROTE, total_score: '80' }, {}, []],
    ['what was there before', { ...WROTE, status: 'cold' }, { before: { status: 'cold' } }, []],
    ['what we are writing right now', { ...WROTE, status: 'warm' }, { unsent: { status: 'warm' } }, []],
    ['what we wrote and have not heard of', { ...WROTE, status: 'warm', scored_at: LATER }, {}, []],
    ['before we ever wrote', { status: 'cold' }, { lastWritten: null }, []],
  ])('%s', (_what, crmValues, changes, fields) => {
    const record = { ...ref('a'), before: WROTE, crmValues, lastWritten: WROTE, unsent: null, ...changes };
    const found = detectConflicts(record);
    expect(found.map(({ field }) => field).toSorted()).toEqual([...fields].toSorted());
  });

  test('is told with both values', () => {
    const crmValues = { ...WROTE, status: null };
    const record = { ...ref('a'), before: WROTE, crmValues, lastWritten: WROTE, unsent: null };
    expect(detectConflicts(record)).toEqual([{ ...ref('a'), field: 'status', ours: 'hot', theirs: null }]);
  });

  test.each([
    ['as we wrote it', WROTE, WROTE, false],
    ['another value', { ...WROTE, status: 'cold' }, WROTE, true],
    ['emptied', { ...WROTE, status: null }, WROTE, false],
    ['emptied, as text', { ...WROTE, status: '' }, WROTE, false],
    ['a later write of ours', { ...WROTE, status: 'warm', scored_at: LATER }, WROTE, false],
    ['never written by us', { status: 'cold' }, null, false],
  ])('is respected where it stands: %s', (_what, crmValues, lastWritten, expected) => {
    expect(isEditedByOthers(crmValues, lastWritten)).toBe(expected);
  });
});

describe.each(STORES)('what is kept of conflicts ($name)', (setup) => {
  const store = freshStore(setup);

  async function seen(id: string, times: number, now = at()): Promise<void> {
    await sql`
      insert into leadgrade.field_conflicts (crm, object, record_id, field, ours, theirs, policy, seen_at)
      select ${CRM}, 'contacts', ${id}, 'status', '"hot"', to_jsonb(n), 'overwrite', ${now}
      from generate_series(1, ${times}) n`.execute(store.db);
  }

  test('is the latest hundred of a record, however often somebody answers our writes, for a year', async () => {
    await seen('old', 3, at(-366 * 86_400));
    await seen('loop', 250);
    await seen('calm', 3);
    await seen('loop', 1);
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
