import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores, and several suites start servers of their own: more workers only make them time out.
    maxWorkers: 2,
  },
});
