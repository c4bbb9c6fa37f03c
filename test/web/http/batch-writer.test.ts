// What several requests bring is kept together, and nobody waits without end.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createBatchWriter } from '../../../web/http/batch-writer.ts';
import { TimeoutError } from '../../../web/http/with-timeout.ts';

const PATIENT = new AbortController().signal;
const LIMITS = { maxBatch: 10, maxQueued: 100, timeoutMs: 30_000 };

class DatabaseError extends Error {
  readonly code: string;
  constructor(code: string) {
    super('a database says so');
    this.code = code;
  }
}

/** A store that answers when it is told to. */
function stalled() {
  const asked: (readonly number[])[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const keep = (items: readonly number[]) => {
    asked.push(items);
    return promise;
  };
  return { asked, keep, answer: resolve };
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index);
const outcomes = async (promises: readonly Promise<void>[]) =>
  (await Promise.allSettled(promises)).map(({ status }) => status);

test('what comes while a statement is under way goes into the next, ten at most', async () => {
  const { asked, keep, answer } = stalled();
  const gather = createBatchWriter(keep, LIMITS);
  const all = range(25).map((item) => gather(item, PATIENT));
  expect(asked).toEqual([[0]]);
  answer();
  await Promise.all(all);
  expect(asked.map((items) => items.length)).toEqual([1, 10, 10, 4]);
});

test.each(['22P05', '23514'])(
  'of a batch that is refused with %s, only the one that cannot be kept is',
  async (code) => {
    const kept: number[] = [];
    const gather = createBatchWriter<number>(async (items) => {
      await sleep(1);
      if (items.includes(7)) throw new DatabaseError(code);
      kept.push(...items);
    }, LIMITS);
    const all = await outcomes(range(11).map((item) => gather(item, PATIENT)));
    expect(all).toEqual(range(11).map((item) => (item === 7 ? 'rejected' : 'fulfilled')));
    expect(kept).toEqual(range(11).filter((item) => item !== 7));
  },
);

test.each(['08006', '57P01', 'ECONNRESET', '40P01'])(
  'a store that is away (%s) is asked once for a batch',
  async (code) => {
    const asked: number[] = [];
    const gather = createBatchWriter<number>(async (items) => {
      asked.push(items.length);
      await sleep(1);
      throw new DatabaseError(code);
    }, LIMITS);
    expect(await outcomes(range(11).map((item) => gather(item, PATIENT)))).toEqual(range(11).map(() => 'rejected'));
    expect(asked).toEqual([1, 10]);
  },
);

test('a store that never answers is given up, and asked again for what comes then', async () => {
  let isAway = true;
  const gather = createBatchWriter<number>(() => (isAway ? new Promise(() => {}) : Promise.resolve()), {
    ...LIMITS,
    timeoutMs: 20,
  });
  await expect(gather(1, PATIENT)).rejects.toThrow(TimeoutError);
  isAway = false;
  await expect(gather(2, PATIENT)).resolves.toBeUndefined();
});

test('who has gone while waiting is not written', async () => {
  const { asked, keep, answer } = stalled();
  const gather = createBatchWriter(keep, LIMITS);
  const first = gather(0, PATIENT);
  void gather(1, AbortSignal.abort());
  const last = gather(2, PATIENT);
  answer();
  await Promise.all([first, last]);
  expect(asked).toEqual([[0], [2]]);
});

test('more than may wait are refused at once, and those that have gone make room', async () => {
  const { keep, answer } = stalled();
  const gather = createBatchWriter(keep, { ...LIMITS, maxQueued: 3 });
  const leaving = new AbortController();
  const under = gather(0, PATIENT);
  const waiting = [gather(1, PATIENT), gather(2, PATIENT)];
  void gather(3, leaving.signal);
  await expect(gather(4, PATIENT)).rejects.toThrow(/3 requests wait/);
  leaving.abort();
  const last = gather(5, PATIENT);
  answer();
  await Promise.all([under, ...waiting, last]);
});
