// Two workers score at a time, and one of them is killed in the middle: the other one goes on, and no lead is scored twice.
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { seedLeads } from '../../../bench/nightly/seed.ts';
import { endWithTest } from '../../../sandbox/test/end-with-test.ts';
import { BACKEND, describeOnPostgres, openDatabaseOf, POSTGRES } from '../../support/backends.ts';
import { patient } from '../../support/patience.ts';
import { startNode } from '../../support/processes.ts';
import { openTestProduct } from '../../support/product.ts';

const SCRIPT = new URL('./processes/scorer.ts', import.meta.url).pathname;
const LEADS = 8_000;
const SOON = { timeout: patient(60_000), interval: 20 };

// The embedded database belongs to one process.
const setup = BACKEND.name === 'embedded' ? POSTGRES : BACKEND;

describeOnPostgres(`two workers that score (${setup.name})`, () => {
  test.each(['score-leads', 'score-more-leads'])(
    'go on when the one that runs %s is killed: the other one scores the rest, each lead once',
    async (killed) => {
      const { env } = await setup.create();
      const { product, env: settings } = await openTestProduct({ env, people: 1 });
      const streams = product.context.crms.get('hubspot')?.connector.streams.map(({ id }) => id) ?? [];
      await product.close();
      const { db } = await openDatabaseOf(env);
      await seedLeads(db, { leads: LEADS, activities: 3, streams });
      const workers = [0, 1].map(() => startNode(SCRIPT, [], settings));
      for (const worker of workers) endWithTest(worker.kill);
      for (const worker of workers) await worker.line(/works/);
      workers[0]?.send('score');
      const runs = (job: string) => workers.find((worker) => worker.output().includes(`begins ${job}\n`));
      await expect.poll(() => runs('score-leads') && runs('score-more-leads'), SOON).toBeTruthy();
      expect(runs('score-leads')).not.toBe(runs('score-more-leads'));

      const count = async (of: ReturnType<typeof sql>) => {
        const { rows } = await sql<{ count: number }>`select count(*)::integer as count from ${of}`.execute(db);
        return rows[0]?.count ?? 0;
      };
      const scored = () => count(sql`leadgrade.results`);
      await runs(killed)?.kill();
      const before = await scored();
      expect(before).toBeLessThan(LEADS);
      const since = performance.now();
      await expect.poll(scored, SOON).toBeGreaterThan(before);
      const resumedMs = Math.round(performance.now() - since);
      await expect.poll(() => count(sql`leadgrade.leads where due_at is not null`), SOON).toBe(0);
      expect(await scored()).toBe(LEADS);
      expect(await count(sql`(select distinct lead_id from leadgrade.results) r`)).toBe(LEADS);
      // The job of the killed worker runs once more, and finds nothing to do.
      await expect.poll(() => count(sql`leadgrade.unfinished_jobs`), SOON).toBe(0);
      console.log(`killed ${killed} at ${before} of ${LEADS} leads; the next chunk was saved after ${resumedMs} ms`);
    },
  );
});
