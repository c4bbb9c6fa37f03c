// A backfill of 100,000 contacts that is killed 20 times: it ends with the state of an undisturbed one, and makes hardly a
// call twice. BACKFILL_CONTACTS takes fewer.
import { expect, test } from 'vitest';
import { BACKEND } from '../../support/backends.ts';
import {
  COUNTERS,
  IN_PROGRESS,
  killOften,
  openBackfillEnvironment,
  STREAMS,
  undisturbedBackfill,
} from '../../support/backfill-process.ts';
import { printedRandom } from '../../support/fault-runs.ts';

const CONTACTS = Number(process.env.BACKFILL_CONTACTS ?? 100_000);
const KILLS = 20;
const HOURS_MS = 3 * 3_600_000;

test(
  `a backfill of ${CONTACTS} contacts that is killed ${KILLS} times ends as an undisturbed one, with at most 1.05 times its calls (${BACKEND.name})`,
  async () => {
    const { calls, ...expected } = await undisturbedBackfill(BACKEND, CONTACTS);
    const random = printedRandom('large backfill');
    const killed = await openBackfillEnvironment(BACKEND, { contacts: CONTACTS });
    const kills = await killOften(killed, { times: KILLS, maxCalls: (2 * calls) / KILLS, random });
    await killed.finish();
    const made = await killed.callCount();
    console.log(`${kills} kills: ${made} calls in place of ${calls}, ${(made / calls).toFixed(3)}x`);
    expect(await killed.endState()).toEqual(expected);
    // With fewer contacts, what each start and each kill costs counts for more.
    expect(made).toBeLessThanOrEqual(Math.max(1.05 * calls, calls + kills * (STREAMS + IN_PROGRESS + COUNTERS)));
  },
  HOURS_MS,
);
