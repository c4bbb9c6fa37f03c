// The queue of an installation, in the test's process.
import { openQueueBackend, type QueueBackend } from '../../../jobs/queue/queue-backend.ts';
import { endWithTest } from '../../../sandbox/test/end-with-test.ts';
import { type BackendEnv, openDatabaseOf } from '../../support/backends.ts';

/** Closed with the test that opens it. */
export async function openTestQueue(env: BackendEnv): Promise<QueueBackend> {
  const { connection, embedded } = await openDatabaseOf(env);
  const backend = await openQueueBackend({ redisUrl: env.REDIS_URL, connection, embedded });
  endWithTest(() => backend.close({ deadlineMs: 5_000 }));
  return backend;
}
