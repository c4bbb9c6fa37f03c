import { defineConfig } from 'vitest/config';

// Flows of the whole product and its commands, which start processes and replace settings; and HubSpot's, as nock holds all the HTTP of
// its process.
const ALONE = ['test/jobs/**/*.test.ts', 'test/cli/**/*.test.ts', 'test/connectors/hubspot-*.test.ts'];

export default defineConfig({
  test: {
    globalSetup: ['test/support/templates.ts'],
    // Generous, as these machines are noisy: a time-out says that something hangs, never that it is slow.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // The longest files wait most of the time (for a killed worker's job to be found, for a service to poll): beside them
    // others can use the processors.
    maxWorkers: 4,
    projects: [
      { extends: true, test: { name: 'alone', include: ALONE } },
      // The others leave nothing behind in their process, so that many share one, and what it has loaded.
      { extends: true, test: { name: 'together', include: ['test/**/*.test.ts'], exclude: ALONE, isolate: false } },
    ],
  },
});
