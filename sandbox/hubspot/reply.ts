// What an endpoint answers; sending it (and spoiling it, when a fault says so) is deliver.ts's business.

export interface Reply {
  readonly status: number;
  /** Sent as JSON; undefined sends no body. */
  readonly body?: unknown;
}

export function ok(body: unknown): Reply {
  return { status: 200, body };
}

/** The outer form of batch answers; 207 as soon as there is one error. Started and completed are the sandbox's instant. */
export function batchReply(now: number, results: readonly unknown[], errors: readonly unknown[] = []): Reply {
  const at = new Date(now).toISOString();
  const base = { status: 'COMPLETE', results, startedAt: at, completedAt: at };
  return errors.length === 0 ? ok(base) : { status: 207, body: { ...base, numErrors: errors.length, errors } };
}
