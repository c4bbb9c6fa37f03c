// A job leaves no note behind when it ends, throws, or is interrupted by a shutdown; one that ended its process three times
// is skipped with one warning.
import { expect, test } from 'vitest';
import { setAsideFindings } from '../../../cli/doctor/set-aside.ts';
import { runGuarded } from '../../../jobs/queue/crash-guard.ts';
import { patient } from '../../support/patience.ts';
import { openTestProduct } from '../../support/product.ts';

const SOON = { timeout: patient(10_000) };
const never = () => new Promise<void>(() => {});

async function openGuard() {
  const product = await openTestProduct({ people: 1 });
  const shutdown = new AbortController();
  const context = { ...product.context, signal: shutdown.signal };
  const unfinished = () => context.db.selectFrom('unfinished_jobs').select(['job', 'starts']).execute();
  return { context, shutdown, unfinished, lines: product.lines };
}

test('a job that ends or throws is not unfinished', async () => {
  const { context, unfinished } = await openGuard();
  for (let times = 0; times < 5; times++) {
    await runGuarded(context, 'poll', {}, async () => {
      expect(await unfinished()).toEqual([{ job: 'poll', starts: 1 }]);
    });
    const failing = runGuarded(context, 'poll', {}, () => Promise.reject(new Error('broken')));
    await expect(failing).rejects.toThrow('broken');
  }
  expect(await unfinished()).toEqual([]);
});

test('a job that a shutdown interrupts is not unfinished', async () => {
  const { context, shutdown, unfinished } = await openGuard();
  void runGuarded(context, 'sync-streams', { crm: 'hubspot' }, never);
  await expect.poll(unfinished, SOON).toEqual([{ job: 'sync-streams', starts: 1 }]);
  shutdown.abort();
  await expect.poll(unfinished, SOON).toEqual([]);
});

test('a job that began three times and never ended is skipped, with one warning and a finding of doctor', async () => {
  const { context, unfinished, lines } = await openGuard();
  for (const starts of [1, 2, 3]) {
    void runGuarded(context, 'score-leads', {}, never);
    await expect.poll(unfinished, SOON).toEqual([{ job: 'score-leads', starts }]);
  }
  for (let times = 0; times < 3; times++)
    await runGuarded(context, 'score-leads', {}, () => Promise.reject(new Error('ran')));
  expect(lines.filter(({ message }) => message.startsWith('a job is set aside'))).toHaveLength(1);
  expect(await setAsideFindings(context)).toMatchObject([
    { what: 'job score-leads', level: 'problem', fix: expect.stringContaining('--max-old-space-size') },
  ]);
});
