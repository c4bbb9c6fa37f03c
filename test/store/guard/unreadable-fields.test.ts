// What is stored of the mapped fields that a CRM does not show.
import { describe, expect, test } from 'vitest';
import { listUnreadableFields, saveUnreadableFields } from '../../../src/store/guard/unreadable-fields.ts';
import { BACKEND } from '../../support/backends.ts';
import { at, CRM, freshStore } from '../fresh-store.ts';

const TITLE = field('contact.job_title');
const INDUSTRY = field('company.industry');

function field(name: string) {
  return { object: 'contacts', field: name, source: `contacts.${name}`, reason: `${name} is gone`, fix: 'Restore it.' };
}

describe(`the unreadable fields of a CRM (${BACKEND.name})`, () => {
  const store = freshStore(BACKEND);
  const stored = async () => (await listUnreadableFields(store.db, [CRM])).map((each) => [each.field, each.since]);
  const save = (unreadable: readonly (typeof TITLE)[], seconds: number, undecided: readonly (typeof TITLE)[] = []) =>
    saveUnreadableFields(store.db, CRM, { unreadable, undecided }, at(seconds));

  test('keep the date of a field that stays one, and a field that is undecided is as it was', async () => {
    expect(await save([TITLE], 0)).toEqual({ lost: [TITLE], found: [] });
    expect(await save([], 60, [TITLE, INDUSTRY])).toMatchObject({ lost: [], found: [] });
    expect(await stored()).toEqual([[TITLE.field, at(0)]]);
    expect(await save([INDUSTRY], 120)).toMatchObject({ lost: [INDUSTRY], found: [{ field: TITLE.field }] });
    expect(await stored()).toEqual([[INDUSTRY.field, at(120)]]);
  });

  test('that processes save at the same moment are found lost by one of them', async () => {
    const saved = await Promise.all(Array.from({ length: 4 }, () => save([TITLE, INDUSTRY], 0)));
    expect(saved.flatMap(({ lost }) => lost).toSorted((a, b) => a.field.localeCompare(b.field))).toEqual([
      INDUSTRY,
      TITLE,
    ]);
    expect(await stored()).toHaveLength(2);
  });
});
