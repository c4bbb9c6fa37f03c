// Group commit: items of several requests go into one statement, and no request waits indefinitely.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { TimeoutError } from '../../../src/runtime/with-timeout.ts';
import { createBatchWriter } from '../../../web/http/batch-writer.ts';

const WAITING = new AbortController().signal;
const LIMITS = { maxBatch: 10, maxQueued: 100, timeoutMs: 30_000 };

class DatabaseError extends Error {
  readonly code: string;
  constructor(code: string) {
    super('database error');
    this.code = code;
  }
}

/** A write that ends when `finish` is called. */
function stalledWrite() {
  const batches: (readonly number[])[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const write = (items: readonly number[]) => {
    batches.push(items);
    return promise;
  };
  return { batches, write, finish: resolve };
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index);
const outcomes = async (promises: readonly Promise<void>[]) =>
  (await Promise.allSettled(promises)).map(({ status }) => status);

test('items that arrive while a statement runs go into the next statements, at most ten each', async () => {
  const { batches, write, finish } = stalledWrite();
  const store = createBatchWriter(write, LIMITS);
  const all = range(25).map((item) => store(item, WAITING));
  expect(batches).toEqual([[0]]);
  finish();
  await Promise.all(all);
  expect(batches.map((items) => items.length)).toEqual([1, 10, 10, 4]);
});

test.each(['22P05', '23514'])(
  'when the database refuses a batch with %s, only the invalid item is rejected, and the others are stored',
  async (code) => {
    const stored: number[] = [];
    const store = createBatchWriter<number>(async (items) => {
      await sleep(1);
      if (items.includes(7)) throw new DatabaseError(code);
      stored.push(...items);
    }, LIMITS);
    const all = await outcomes(range(11).map((item) => store(item, WAITING)));
    expect(all).toEqual(range(11).map((item) => (item === 7 ? 'rejected' : 'fulfilled')));
    expect(stored).toEqual(range(11).filter((item) => item !== 7));
  },
);

test.each(['08006', '57P01', 'ECONNRESET', '40P01'])(
  'when the database is down (%s), a batch is tried once and all its items are rejected',
  async (code) => {
    const sizes: number[] = [];
    const store = createBatchWriter<number>(async (items) => {
      sizes.push(items.length);
      await sleep(1);
      throw new DatabaseError(code);
    }, LIMITS);
    expect(await outcomes(range(11).map((item) => store(item, WAITING)))).toEqual(range(11).map(() => 'rejected'));
    expect(sizes).toEqual([1, 10]);
  },
);

test('a statement that never ends fails at the time limit, and later items are written again', async () => {
  let isHanging = true;
  const store = createBatchWriter<number>(() => (isHanging ? new Promise(() => {}) : Promise.resolve()), {
    ...LIMITS,
    timeoutMs: 20,
  });
  await expect(store(1, WAITING)).rejects.toThrow(TimeoutError);
  isHanging = false;
  await expect(store(2, WAITING)).resolves.toBeUndefined();
});

test('an item whose request has timed out in the queue is not written', async () => {
  const { batches, write, finish } = stalledWrite();
  const store = createBatchWriter(write, LIMITS);
  const first = store(0, WAITING);
  void store(1, AbortSignal.abort());
  const last = store(2, WAITING);
  finish();
  await Promise.all([first, last]);
  expect(batches).toEqual([[0], [2]]);
});

test('an item above the limit of the queue is refused at once, and a timed-out item makes room', async () => {
  const { write, finish } = stalledWrite();
  const store = createBatchWriter(write, { ...LIMITS, maxQueued: 3 });
  const leaving = new AbortController();
  const running = store(0, WAITING);
  const queued = [store(1, WAITING), store(2, WAITING)];
  void store(3, leaving.signal);
  await expect(store(4, WAITING)).rejects.toThrow(/3 requests are queued/);
  leaving.abort();
  const last = store(5, WAITING);
  finish();
  await Promise.all([running, ...queued, last]);
});
