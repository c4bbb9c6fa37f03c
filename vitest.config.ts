import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/templates.ts'],
    // Generous, as these machines are noisy: a time-out says that something hangs, never that it is slow.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // The longest files wait most of the time (for a killed worker's job to be found, for a service to poll): beside them
    // others can use the processors.
    maxWorkers: 4,
  },
});
