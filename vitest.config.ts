import { globSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { IS_FULL, share } from './test/support/fault-runs.ts';
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
/** Files of the store that are about the database itself: its start, types, locks, disk space, several processes. */
const ABOUT_DATABASE = /open-database|migrate|-rows\.test|rate-limit|vacuum|scoring-races|pgbouncer/;

/** The usual run tries the other files of the store in turn: they are about our statements, which Postgres has tried. */
function storeTests(backend: string | undefined): readonly string[] {
  // Redis holds the queue and the rate limits, no other state.
  if (backend === 'redis') return ['test/store/rate-limit/*.test.ts'];
  const [own = [], others = []] = [true, false].map((isOwn) =>
    filesOf('test/store/**/*.test.ts').filter((file) => ABOUT_DATABASE.test(file) === isOwn),
  );
  return [...own, ...share('test files of the store on this backend', others, 3)];
}

function filesOf(pattern: string): readonly string[] {
  return globSync(pattern, { cwd: import.meta.dirname }).toSorted();
}

/** What depends on the database or the queue, for each backend of `npm run test:all`; on Postgres, other projects try it. */
function repeatedTests(backend: string | undefined): string[] {
  if (backend === undefined) return [];
  const runs = filesOf('test/jobs/runs/*.test.ts');
  const [long = [], short = []] = [true, false].map((isLong) =>
    runs.filter((file) => file.endsWith('.long.test.ts') === isLong),
  );
  const realTime = share('backends of real time', ['embedded', 'redis'], 2).includes(backend);
  return [
    ...storeTests(backend),
    'test/jobs/queue/**/*.test.ts',
    ...long,
    ...share('test files of runs on this backend', short, 2),
    // The embedded database has the queue of Postgres, for which the other projects try these.
    ...(backend === 'redis' ? ['test/jobs/faults/outages.test.ts', 'test/jobs/faults/lost-queue.long.test.ts'] : []),
    ...(realTime ? ['test/jobs/ingest/realtime.long.test.ts'] : []),
    'test/jobs/write/killed-bulk-write.long.test.ts',
  ];
}
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
          include: repeatedTests(process.env.TEST_BACKEND),
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
