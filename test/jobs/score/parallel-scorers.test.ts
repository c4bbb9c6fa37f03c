// Which jobs let other workers score, and when a worker takes them.
import { expect, test } from 'vitest';
import { enqueueScorers, isScoring, whileScoring } from '../../../jobs/score/parallel-scorers.ts';
import { scoreMoreLeads } from '../../../jobs/score/score-more-leads.ts';
import { markDue } from '../../../src/store/leads/mark-due.ts';
import { writeHeartbeat } from '../../../src/store/sync/heartbeats.ts';
import { inLocked } from '../../store/fresh-store.ts';
import { openTestProduct } from '../../support/product.ts';

test('each live worker but the first scores beside it, up to MAX_SCORERS', async () => {
  const { context, clock } = await openTestProduct({ people: 1 });
  const enqueued: unknown[] = [];
  const enqueue = async (_job: string, payload: object) => void enqueued.push(payload);
  const enqueuedFor = async (maxScorers: number) => {
    enqueued.length = 0;
    await enqueueScorers({ ...context, maxScorers, enqueue });
    return [...enqueued];
  };
  const beat = (id: string, roles: string) => writeHeartbeat(context.db, { id, roles }, clock.now());
  await beat('first', 'web,worker,scheduler');
  await beat('web', 'web,scheduler');
  expect(await enqueuedFor(4)).toEqual([]);
  await beat('second', 'worker');
  await beat('third', 'worker');
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
