// From when on activities are kept: settings, and the models that score leads or did within the history.
import { expect, test } from 'vitest';
import { keptActivitiesFinding } from '../../../cli/doctor/kept-activities.ts';
import { type JobContext, onlyModel } from '../../../jobs/context.ts';
import { activityBounds } from '../../../jobs/schedule/activity-bounds.ts';
import { compileModel } from '../../../src/scoring/compile/compile.ts';
import { readModel } from '../../../src/scoring/schemas/model.ts';
import { advanceBounds } from '../../../src/store/retention/activity-bounds.ts';
import { openTestProduct } from '../../support/product.ts';

const DAY_MS = 86_400_000;

function modelWith(signal: object): JobContext['model'] {
  const status = { bands: [{ id: 'last' }] };
  const text = JSON.stringify({ name: 'm', version: '1', behavior: { signals: [{ id: 's', ...signal }] }, status });
  const { model } = readModel(text, 'model.json');
  if (model === null) throw new Error('The model of the test is not valid.');
  return onlyModel({ compiled: compileModel(model), hash: text, text });
}

const WEEKS = modelWith({ activity: 'page_view', points: 9, lifetime: '21d' });
const YEARS = modelWith({ activity: 'page_view', points: 9, lifetime: '900d' });
const FOR_EVER = modelWith({ activity: 'page_view', points: 9, half_life: 'none' });
// In which Postgres and JavaScript have no dates.
const AGES = modelWith({ activity: 'page_view', points: 9, half_life: '9999999d' });

test('activities are kept for ACTIVITY_DAYS, or for HISTORY_DAYS and the time that the present or a stored model looks back, and doctor warns when a model looks back longer than before', async () => {
  const product = await openTestProduct({ people: 2, setup: false });
  const under = (model: JobContext['model']) => ({ ...product.context, model });
  const keptDays = async (model: JobContext['model']) => {
    const bounds = await activityBounds(under(model));
    const views = bounds.find(({ stream, type }) => stream === 'page_views' && type === 'page_view');
    return views && Math.round((product.clock.now().getTime() - views.keptFrom.getTime()) / DAY_MS);
  };
  expect([await keptDays(WEEKS), await keptDays(YEARS)]).toEqual([730, 1_300]);
  expect([await keptDays(FOR_EVER), await keptDays(AGES)]).toEqual([undefined, undefined]);
  // The night compares meetings by their IDs, and members of lists by their number.
  const streams = new Set((await activityBounds(under(WEEKS))).map(({ stream }) => stream));
  expect([streams.has('form_submissions'), streams.has('meetings'), streams.has('lists')]).toEqual([
    true,
    false,
    false,
  ]);

  await advanceBounds(product.context.db, await activityBounds(under(WEEKS)));
  expect(await keptActivitiesFinding(under(WEEKS))).toMatchObject({ level: 'ok', detail: 'kept for 730 days' });
  const warning = await keptActivitiesFinding(under(YEARS));
  expect(warning).toMatchObject({ level: 'warning', fix: expect.stringContaining('backfill') });
  expect(warning.detail).toContain('(page_view) from before 2024-03-');

  const { text, hash } = YEARS;
  const stored = { hash, text, name: 'm@1', since: product.clock.now(), last_used_at: product.clock.now() };
  await product.context.db.insertInto('models').values(stored).execute();
  expect(await keptDays(WEEKS)).toBe(1_300);
});
