import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/embedded-template.ts'],
    // Generous, as these machines are noisy: a time-out says that something hangs, never that it is slow.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Two cores, and several suites start servers of their own: more workers only make them time out.
    maxWorkers: 2,
  },
});
