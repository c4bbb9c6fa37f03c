// kill -9 during a backfill, on every backend: further starts end with the same state as an undisturbed
// backfill, and read almost no data twice.
import { describe, expect, test } from 'vitest';
import { BACKEND } from '../../support/backends.ts';
import {
  IN_PROGRESS,
  killOften,
  openBackfillEnvironment,
  STREAMS,
  undisturbedBackfill,
} from '../../support/backfill-process.ts';
import { printedRandom, repetitions } from '../../support/fault-runs.ts';
import { patient } from '../../support/patience.ts';

const CONTACTS = 300;
const KILLS = repetitions({ usual: 3, full: 20 });

describe(`on ${BACKEND.name}`, () => {
  test(
    `a backfill that is killed ${KILLS} times at random instants ends with the same state as an undisturbed one`,
    async () => {
      const { calls, ...expected } = await undisturbedBackfill(BACKEND, CONTACTS);
      const random = printedRandom('killed backfill');
      const killed = await openBackfillEnvironment(BACKEND, { contacts: CONTACTS });
      // Each start can read what is left, so that a kill comes before the end in most cases.
      const maxCalls = (1.5 * calls) / KILLS + STREAMS;
      const kills = await killOften(killed, { times: KILLS, maxCalls, random });
      expect(kills).toBeGreaterThan(0);
      await killed.finish();
      // Each kill can repeat the calls in progress, and each start probes every stream.
      const allowed = calls + KILLS * (STREAMS + IN_PROGRESS);
      expect((await killed.calls()).length).toBeLessThanOrEqual(allowed);
      expect(await killed.endState()).toEqual(expected);
    },
    patient(600_000),
  );

  test('a backfill that is killed four times in the same job goes on at the fifth start', async () => {
    const killed = await openBackfillEnvironment(BACKEND, { contacts: CONTACTS });
    // The first page of contacts never arrives, so each process is killed in the same job.
    await killed.setFaults([{ match: { path: 'objects/.*contacts' }, action: { hangAfterHeaders: true } }]);
    for (let starts = 0; starts < 4; starts++) {
      const before = (await killed.calls()).length;
      const run = killed.begin();
      const isReading = async () => (await killed.calls()).slice(before).some(({ path }) => /contacts/.test(path));
      await expect.poll(isReading, { timeout: patient(90_000), interval: 100 }).toBe(true);
      await run.kill();
    }
    await killed.setFaults([]);
    await killed.finish();
  }, 600_000);
});
