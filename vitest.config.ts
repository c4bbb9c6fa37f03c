import { defineConfig } from 'vitest/config';

// nock holds all the HTTP of its process.
const WITH_NOCK = ['test/connectors/hubspot/**/*.test.ts'];
// Commands replace settings and start processes.
const ALONE = ['test/cli/**/*.test.ts'];

export default defineConfig({
  test: {
    globalSetup: ['test/support/templates.ts'],
    // Generous, as these machines are noisy: a time-out says that something hangs, never that it is slow.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // The longest files wait most of the time (for a killed worker's job to be found, for a service to poll): beside them
    // others can use the processors.
    maxWorkers: 4,
    // Most files leave nothing behind in their process, so that many share one, and what it has loaded.
    projects: [
      { extends: true, test: { name: 'alone', include: ALONE } },
      { extends: true, test: { name: 'nock', include: WITH_NOCK, isolate: false } },
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts', 'sandbox/test/**/*.test.ts'],
          exclude: [...ALONE, ...WITH_NOCK],
          isolate: false,
        },
      },
    ],
  },
});
