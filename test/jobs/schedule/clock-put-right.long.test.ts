// A clock that is an hour ahead and is put right, while the service runs and while it is stopped.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { BACKEND } from '../../support/backends.ts';
import { openServiceEnvironment, type ServiceEnvironment, SOON } from '../../support/service-environment.ts';

const HOUR_MS = 3_600_000;
const PRELOAD = new URL('../../support/shifted-clock.ts', import.meta.url).pathname;

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

interface ShiftedService extends ServiceEnvironment {
  putClockRight(): Promise<void>;
}

/** A service whose processes have a clock that is an hour ahead; it polls every five seconds, and no webhooks arrive. */
async function openShiftedService(): Promise<ShiftedService> {
  const folder = await mkdtemp(join(tmpdir(), 'leadgrade-clock-'));
  endings.push(() => rm(folder, { recursive: true }));
  const file = join(folder, 'ahead');
  await writeFile(file, String(HOUR_MS));
  const { env, destroy } = await BACKEND.create();
  endings.push(destroy);
  const settings = { NODE_OPTIONS: `--import=${PRELOAD}`, CLOCK_AHEAD_FILE: file, POLL_SECONDS: '5' };
  const environment = await openServiceEnvironment({ env, settings, contacts: 4, webhooks: false });
  endings.push(environment.close);
  return { ...environment, putClockRight: () => writeFile(file, '0') };
}

/** A contact becomes an executive and then a student, and its score says so each time. */
async function expectFreshScores({ control, explanation, leads }: ShiftedService): Promise<void> {
  const id = leads[0]?.id ?? '';
  const promote = (jobtitle: string) => control('PATCH', `contacts/${id}`, { properties: { jobtitle } });
  await promote('VP Sales');
  await expect.poll(() => explanation(id), SOON).toContain('Executive (Job title)');
  await promote('Student');
  await expect.poll(() => explanation(id), SOON).not.toContain('Executive (Job title)');
}

const readyStatus = async ({ url }: ShiftedService) => (await fetch(`${url}/readyz`).catch(() => null))?.status;

describe(`a clock that was an hour ahead (${BACKEND.name})`, () => {
  test('and is put right while the service runs: polling goes on, and the service is ready', async () => {
    const service = await openShiftedService();
    const running = await service.serve();
    await expect.poll(() => readyStatus(service), SOON).toBe(200);
    await service.putClockRight();
    await expectFreshScores(service);
    await expect.poll(() => readyStatus(service), SOON).toBe(200);
    expect(running.output()).toContain('the clock was ahead');
  });

  test('and is put right after the service was killed: the next start polls, reads and scores', async () => {
    const service = await openShiftedService();
    const killed = await service.serve();
    await expect.poll(() => readyStatus(service), SOON).toBe(200);
    await killed.kill();
    await service.putClockRight();
    await service.serve();
    await expectFreshScores(service);
    await expect.poll(() => readyStatus(service), SOON).toBe(200);
  });
});
