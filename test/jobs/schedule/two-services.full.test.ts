// Two services with all roles on one database, as while a deployment replaces one by the other: each night runs once,
// no contact is written twice, and the second does not poll as well.
import { describe, expect, test } from 'vitest';
import { BACKEND } from '../../support/backends.ts';
import { patient } from '../../support/patience.ts';
import { openServiceEnvironment, SOON } from '../../support/service-environment.ts';

const POLL_MS = 5_000;
/** Of a job whose worker was killed while it ran. */
const RECOVERY_MS = 15_000;
const BACK = { timeout: patient(120_000), interval: 200 };

describe(`two services that start at the same moment (${BACKEND.name})`, () => {
  test('have one run for a night, write each contact once, and follow changes when either is killed', async () => {
    const { env } = await BACKEND.create();
    const options = {
      settings: { POLL_SECONDS: String(POLL_MS / 1_000), NIGHTLY_CRON: '* * * * *' },
      contacts: 10,
      webhooks: false,
    } as const;
    const first = await openServiceEnvironment({ env, ...options });
    const second = first.run('start', '--roles', 'worker,scheduler');
    const running = await first.serve();
    await second.line(/leadgrade is running/);
    const nights = () =>
      first.query<{ slot: string; state: string }>("select slot, state from leadgrade.runs where job = 'nightly'");
    // A slot is a local date: of the nights of this test's minutes, one runs.
    await expect.poll(async () => (await nights()).map(({ state }) => state), BACK).toContain('done');
    const slots = (await nights()).map(({ slot }) => slot);
    expect(slots).toEqual([...new Set(slots)]);
    expect(slots.length).toBeLessThanOrEqual(2);
    const written = (await first.writes()).flatMap(({ ids = [] }) => ids);
    expect(written.toSorted()).toEqual([...new Set(written)].toSorted());
    const twice = await first.query(
      'select lead_id from leadgrade.results group by lead_id, as_of, model_hash having count(*) > 1',
    );
    expect(twice).toEqual([]);

    const id = first.leads[0]?.id ?? '';
    const lastPoll = async () => {
      const [canary] = await first.query<{ at: Date }>(
        "select heartbeat_at as at from leadgrade.worker_heartbeats where id = 'canary'",
      );
      return canary?.at.getTime() ?? 0;
    };
    const killedAt = Date.now();
    await running.kill();
    await expect.poll(lastPoll, { timeout: patient(POLL_MS + RECOVERY_MS), interval: 200 }).toBeGreaterThan(killedAt);
    await first.control('PATCH', `contacts/${id}`, { properties: { jobtitle: 'VP Sales' } });
    await expect.poll(() => first.explanation(id), BACK).toContain('Executive (Job title)');
    second.signal('SIGTERM');
    expect(await second.ended).toBe(0);
    const third = await first.serve();
    await first.control('PATCH', `contacts/${id}`, { properties: { jobtitle: 'Student' } });
    await expect.poll(() => first.explanation(id), SOON).not.toContain('Executive (Job title)');
    await third.kill();
  });
});
