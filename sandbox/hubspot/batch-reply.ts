// The envelope of HubSpot's batch responses.
import { ok, type Reply } from '../http/reply.ts';

/** 207 if there is an error, else 200. `now` is both start and completion. */
export function batchReply(now: number, results: readonly unknown[], errors: readonly unknown[] = []): Reply {
  const at = new Date(now).toISOString();
  const base = { status: 'COMPLETE', results, startedAt: at, completedAt: at };
  return errors.length === 0 ? ok(base) : { status: 207, body: { ...base, numErrors: errors.length, errors } };
}
