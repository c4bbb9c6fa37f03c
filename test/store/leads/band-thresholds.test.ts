// Thresholds of models that come into force, leave it and come back.
import { expect, test } from 'vitest';
import {
  saveThresholds,
  thresholdHistory,
  thresholdsByModel,
  thresholdsOf,
} from '../../../src/store/leads/band-thresholds.ts';
import { inForceSince, lastApplied } from '../../../src/store/models/applied.ts';
import { applyModels } from '../../../src/store/models/apply-models.ts';
import { BACKEND } from '../../support/backends.ts';
import { at, freshStore } from '../fresh-store.ts';

const store = freshStore(BACKEND);

/** Applies models `hash:key`; without a key, the first one. */
async function apply(second: number, ...models: readonly string[]): Promise<void> {
  const named = models.map((each) => {
    const [hash = '', key = null] = each.split(':');
    return { hash, key, name: hash, label: hash, role: 'live', where: null, text: '' } as const;
  });
  const replaces = (await lastApplied(store.db))?.id ?? null;
  await applyModels(
    store.db,
    { models: named, cause: 'apply', applied_by: null, plan_hash: null, replaces },
    at(second),
  );
}

const save = (hash: string, points: number, second: number) =>
  saveThresholds(store.db, hash, [{ band: 'hot', points, leads: 1, computed_at: at(second), per_week: null }]);

test('a model that comes back has no threshold, and its first one is that of its new time in force', async () => {
  await apply(0, 'a');
  await save('a', 40, 1);
  await save('a', 50, 2);
  await apply(3, 'b');
  await save('b', 70, 4);
  await apply(5, 'a');
  expect(await thresholdsOf(store.db, 'a')).toEqual([]);
  expect(await thresholdsOf(store.db, 'b')).toEqual([]);
  await save('a', 50, 6);
  await save('a', 60, 7);
  await save('a', 60, 8);
  expect(await thresholdsOf(store.db, 'a')).toMatchObject([{ points: 60, since: at(7), first: at(6) }]);
  expect(await thresholdsByModel(store.db, ['a', 'b'])).toEqual(
    new Map([['a', { points: { hot: 60 }, first: { hot: 50 } }]]),
  );
  expect((await thresholdHistory(store.db, 'a')).map(({ points }) => points)).toEqual([60, 50, 50, 40]);
});

test('a model that is promoted keeps its thresholds, and is in force under its new name since then', async () => {
  await apply(0, 'a', 'b:next');
  await save('b', 40, 1);
  await apply(2, 'b', 'c:other');
  expect(await thresholdsOf(store.db, 'b')).toMatchObject([{ points: 40, first: at(1) }]);
  expect(await inForceSince(store.db, { hash: 'b', key: null })).toEqual(at(2));
  await apply(3, 'b');
  expect(await inForceSince(store.db, { hash: 'b', key: null })).toEqual(at(2));
  expect(await inForceSince(store.db, { hash: 'a', key: null })).toBeNull();
});
