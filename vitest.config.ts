import { defineConfig } from 'vitest/config';
import { IS_FULL } from './test/support/fault-runs.ts';
import { patient } from './test/support/patience.ts';

// nock replaces the HTTP of a whole process.
const NOCK = ['test/connectors/hubspot/**/*.test.ts'];
// Commands replace settings and start processes.
const COMMANDS = ['test/cli/**/*.test.ts'];
// Whole products with a database each.
const PRODUCT = ['test/jobs/**/*.test.ts', 'test/store/**/*.test.ts', 'test/web/**/*.test.ts'];
// Processes that are killed, random sequences of events, whole services: minutes of waiting. Part of `npm run test:all`.
const LONG = ['**/*.long.test.ts'];
// Faults that take minutes each: only in `npm run test:faults`.
const FULL = ['**/*.full.test.ts'];
// A whole product under each fault, or over both CRMs, or over nights: half of the time of all tests. Part of
// `npm run test:all`.
const FAULTS = [
  'test/jobs/failures/**/*.test.ts',
  'test/jobs/faults/**/*.test.ts',
  'test/jobs/two-crms/**/*.test.ts',
  'test/jobs/schedule/reconciliation.test.ts',
  'test/jobs/read/counted-activity.test.ts',
  'test/jobs/runs/guard.test.ts',
  'test/jobs/score/capacity.test.ts',
  'test/jobs/score/several-models.test.ts',
  'test/jobs/score/thresholds.test.ts',
  'test/jobs/write/bulk-writes.test.ts',
  'test/jobs/queue/{failing-jobs,queue-backend,queue-contract}.test.ts',
];
const SANDBOX = ['sandbox/test/**/*.test.ts'];
// What depends on the database or the queue: repeated on every backend by `npm run test:all`.
const BACKENDS = [
  // Redis holds the queue and the rate limits, no other state.
  process.env.TEST_BACKEND === 'redis' ? 'test/store/rate-limit/*.test.ts' : 'test/store/**/*.test.ts',
  'test/jobs/queue/**/*.test.ts',
  'test/jobs/runs/**/*.test.ts',
  // The embedded database has the queue of Postgres, for which the other projects try these.
  ...(process.env.TEST_BACKEND === 'redis'
    ? ['test/jobs/faults/outages.test.ts', 'test/jobs/faults/lost-queue.long.test.ts']
    : []),
  'test/jobs/ingest/realtime.long.test.ts',
  'test/jobs/write/killed-bulk-write.long.test.ts',
];
const NODE_MODULES = '**/node_modules/**';

export default defineConfig({
  test: {
    globalSetup: ['test/support/templates.ts'],
    // 10 s on an idle machine; three times that, and more on a machine that is busy when the run begins.
    testTimeout: patient(30_000),
    // Opening a product in a hook copies a database, which is slow on a busy machine.
    hookTimeout: patient(60_000),
    // Tests wait for clocks and servers half of the time, so that more workers than the two processors are of use.
    maxWorkers: 4,
    // Most files leave nothing behind in their process: many share one, and the modules that it has loaded.
    isolate: false,
    projects: [
      { extends: true, test: { name: 'nock', include: NOCK, exclude: [...LONG, ...FULL, NODE_MODULES] } },
      {
        extends: true,
        test: {
          name: 'commands',
          include: COMMANDS,
          exclude: [...LONG, ...FULL, NODE_MODULES],
          isolate: true,
          testTimeout: patient(60_000),
        },
      },
      {
        extends: true,
        test: {
          name: 'core',
          include: ['test/**/*.test.ts'],
          exclude: [...NOCK, ...COMMANDS, ...PRODUCT, ...LONG, ...FULL, NODE_MODULES],
        },
      },
      {
        extends: true,
        test: {
          name: 'product',
          include: PRODUCT,
          exclude: [...FAULTS, ...LONG, ...FULL, NODE_MODULES],
          testTimeout: patient(60_000),
        },
      },
      {
        extends: true,
        test: {
          name: 'faults',
          include: FAULTS,
          exclude: [...LONG, ...FULL, NODE_MODULES],
          testTimeout: patient(60_000),
        },
      },
      {
        extends: true,
        test: {
          name: 'backends',
          include: BACKENDS,
          exclude: [
            // Start the servers that they need.
            'test/jobs/queue/{silent-connection,lost-redis,redis-cluster}.long.test.ts',
            'test/store/pgbouncer.long.test.ts',
            // Part of the long tests as well.
            ...(IS_FULL ? [] : ['test/jobs/runs/*.long.test.ts', 'test/store/open-database.long.test.ts']),
            ...FULL,
            NODE_MODULES,
          ],
          testTimeout: patient(180_000),
          hookTimeout: patient(120_000),
        },
      },
      { extends: true, test: { name: 'sandbox', include: SANDBOX, exclude: [...LONG, ...FULL, NODE_MODULES] } },
      {
        extends: true,
        test: {
          name: 'long',
          include: IS_FULL ? [...LONG, ...FULL] : LONG,
          exclude: [NODE_MODULES],
          isolate: true,
          testTimeout: patient(180_000),
          hookTimeout: patient(120_000),
        },
      },
    ],
  },
});
