import { defineConfig } from 'vitest/config';

/** What the documents say, held against the code: part of `npm run lint`. */
export default defineConfig({ test: { root: import.meta.dirname, include: ['docs/*.test.ts'], testTimeout: 30_000 } });
