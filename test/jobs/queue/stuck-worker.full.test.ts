// A worker that lives and makes no progress: stopped by SIGSTOP, it keeps its connections and its locks.
import { expect, test } from 'vitest';
import { endWithTest } from '../../../sandbox/test/end-with-test.ts';
import { BACKEND } from '../../support/backends.ts';
import { printSeconds } from '../../support/fault-runs.ts';
import { patient } from '../../support/patience.ts';
import { openServiceEnvironment } from '../../support/service-environment.ts';

const status = async (url: string) => (await fetch(`${url}/readyz`).catch(() => null))?.status;

// The embedded database is in the process of its owner: it answers nothing while that process is stopped.
test.skipIf(BACKEND.name === 'embedded')(
  `a service whose worker is stopped is not ready within a minute, and ready again when it goes on (${BACKEND.name})`,
  async () => {
    const { env } = await BACKEND.create();
    const service = await openServiceEnvironment({ env, contacts: 4, webhooks: false });
    const worker = await service.serve('--roles', 'worker,scheduler');
    await service.serve('--roles', 'web');
    await expect.poll(() => status(service.url), { timeout: patient(60_000), interval: 200 }).toBe(200);
    endWithTest(async () => worker.signal('SIGCONT'));
    for (const [signal, becomes] of [
      ['SIGSTOP', 503],
      ['SIGCONT', 200],
    ] as const) {
      worker.signal(signal);
      const isKnown = () =>
        expect.poll(() => status(service.url), { timeout: patient(61_000), interval: 200 }).toBe(becomes);
      await printSeconds(`readiness is ${becomes} after ${signal}`, isKnown);
    }
  },
  patient(180_000),
);
