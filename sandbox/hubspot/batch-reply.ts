// The outer form of HubSpot's batch answers.
import { ok, type Reply } from '../http/reply.ts';

/** 207 as soon as there is one error. Started and completed are the sandbox's instant. */
export function batchReply(now: number, results: readonly unknown[], errors: readonly unknown[] = []): Reply {
  const at = new Date(now).toISOString();
  const base = { status: 'COMPLETE', results, startedAt: at, completedAt: at };
  return errors.length === 0 ? ok(base) : { status: 207, body: { ...base, numErrors: errors.length, errors } };
}
