import { expect, test } from 'vitest';
import {
  completeStepOnce,
  isStepDone,
  listRunSteps,
  markRunsSynced,
  saveRunSteps,
} from '../../../src/store/sync/run-steps.ts';
import { addToRunCounters, closeRun, findRun, openRun } from '../../../src/store/sync/runs.ts';
import type { RunState } from '../../../src/store/tables/runs.ts';
import { BACKEND } from '../../support/backends.ts';
import { at, freshStore } from '../fresh-store.ts';

const store = freshStore(BACKEND);

async function open(state: RunState = 'running'): Promise<number> {
  const run = await openRun(store.db, { job: 'nightly', slot: null, state }, at());
  if (!run) throw new Error('The run could not be opened.');
  return run.id;
}

test('a step that is saved again is replaced, and a queued run is running from then on', async () => {
  const id = await open('queued');
  const step = { step: 'links-reconciled', crm: 'hubspot' } as const;
  await saveRunSteps(store.db, id, [{ ...step, completedAt: null, detail: { id: '7' } }], { now: at(1) });
  expect(await findRun(store.db, id)).toMatchObject({ state: 'running', heartbeat_at: at(1) });
  expect(await listRunSteps(store.db, id)).toEqual([{ ...step, completed_at: null, detail: { id: '7' } }]);
  await saveRunSteps(store.db, id, [{ ...step, completedAt: at(2) }], { now: at(2) });
  expect(await listRunSteps(store.db, id)).toEqual([{ ...step, completed_at: at(2), detail: null }]);
});

test('a step that is completed once keeps its first instant and detail', async () => {
  const id = await open();
  await completeStepOnce(store.db, id, { step: 'match-queue-measured', detail: 0 }, at(1));
  await completeStepOnce(store.db, id, { step: 'match-queue-measured', detail: 9 }, at(2));
  const [step, ...others] = await listRunSteps(store.db, id);
  expect(others).toEqual([]);
  expect(step).toEqual({ step: 'match-queue-measured', crm: '', completed_at: at(1), detail: 0 });
});

test('a run that has ended gets no further step', async () => {
  const id = await open();
  await closeRun(store.db, id, { state: 'done', error: null }, at(1));
  await completeStepOnce(store.db, id, { step: 'own-work-done' }, at(2));
  expect(await listRunSteps(store.db, id)).toEqual([]);
  expect(await findRun(store.db, id)).toMatchObject({ state: 'done', heartbeat_at: at(1) });
});

test('the sync of a CRM counts only for runs that have marked their work', async () => {
  const [marked, unmarked] = [await open(), await open()];
  await saveRunSteps(store.db, marked, [{ step: 'work-marked', completedAt: at(1) }], { now: at(1) });
  await markRunsSynced(store.db, 'hubspot', at(2));
  const steps = await listRunSteps(store.db, marked);
  expect(isStepDone(steps, 'streams-synced', 'hubspot')).toBe(true);
  expect(isStepDone(steps, 'streams-synced', 'salesforce')).toBe(false);
  expect(await listRunSteps(store.db, unmarked)).toEqual([]);
});

test('saving a step sets its counters and keeps the others', async () => {
  const id = await open();
  await addToRunCounters(store.db, { scored: 5 });
  const step = { step: 'work-marked', completedAt: at(1) } as const;
  await saveRunSteps(store.db, id, [step], { now: at(1), counters: { decayed: 3 } });
  expect((await findRun(store.db, id))?.progress).toEqual({ scored: 5, decayed: 3 });
});
