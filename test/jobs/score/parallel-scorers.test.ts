// Which jobs let other workers score, and when a worker takes them.
import { expect, test } from 'vitest';
import { enqueueScorers, isScoring, whileScoring } from '../../../jobs/score/parallel-scorers.ts';
import { scoreMoreLeads } from '../../../jobs/score/score-more-leads.ts';
import { markDue } from '../../../src/store/leads/mark-due.ts';
import { writeHeartbeat } from '../../../src/store/sync/heartbeats.ts';
import { at, freshStore, inLocked } from '../../store/fresh-store.ts';
import { BACKEND } from '../../support/backends.ts';
import { openTestProduct } from '../../support/product.ts';

const store = freshStore(BACKEND);

test('each live worker but the first scores beside it, up to MAX_SCORERS', async () => {
  const clock = { now: () => at() };
  const enqueued: unknown[] = [];
  const enqueue = async (_job: string, payload: object) => void enqueued.push(payload);
  const enqueuedFor = async (maxScorers: number) => {
    enqueued.length = 0;
    await enqueueScorers({ db: store.db, clock, maxScorers, enqueue });
    return [...enqueued];
  };
  const addProcess = (id: string, roles: string) => writeHeartbeat(store.db, { id, roles }, at());
  await addProcess('first', 'web,worker,scheduler');
  await addProcess('web', 'web,scheduler');
  expect(await enqueuedFor(4)).toEqual([]);
  await addProcess('second', 'worker');
  await addProcess('third', 'worker');
  expect(await enqueuedFor(4)).toEqual([{ scorer: 2 }, { scorer: 3 }]);
  expect(await enqueuedFor(2)).toEqual([{ scorer: 2 }]);
  expect(await enqueuedFor(1)).toEqual([]);
});

test('a process that scores takes no second scoring, and takes one when it has ended', async () => {
  const product = await openTestProduct({ people: 3 });
  await product.backfill();
  const { context, clock } = product;
  const leads = await context.db.selectFrom('leads').select('id').execute();
  const ids = leads.map(({ id }) => id);
  await inLocked(context, [], (locked) => markDue(locked, ids, 'changed', clock.now()));
  const due = async () =>
    (await context.db.selectFrom('leads').where('due_at', 'is not', null).select('id').execute()).length;
  await whileScoring(context, () => scoreMoreLeads(context));
  expect([await due(), isScoring(context)]).toEqual([ids.length, false]);
  await scoreMoreLeads(context);
  expect(await due()).toBe(0);
});

test('a process scores until the last of two scorings that overlap has ended', async () => {
  const context = { db: store.db };
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const [first, second] = gates.map((gate) => whileScoring(context, () => gate.promise));
  gates[0]?.resolve();
  await first;
  expect(isScoring(context)).toBe(true);
  gates[1]?.resolve();
  await second;
  expect(isScoring(context)).toBe(false);
});
