// How jobs react to a failure of a CRM. A failure has the size of its cause (docs/operations.md):
// - one record, form, period or item is set aside; a batch is halved down to it (failures/);
// - a stream, or the calls about one object, is set aside if all of it fails;
// - one direction (read, write) of the CRM is paused if the CRM is down, or refuses us: this file.
// What is set aside is tried again after minutes, then hours (src/domain/limits/retry-delays.ts).
import { ConnectorError, type ConnectorErrorKind } from '../src/crm/connector-error.ts';
import { GUARD_KIND } from '../src/domain/limits/guard.ts';
import { activePause, type CrmPause, clearPause, clearPausesOfKinds, pauseCrm } from '../src/store/sync/crm-pauses.ts';
import type { JobContext, MappedCrm } from './context.ts';

const SECONDS = 1_000;
const MINUTES = 60 * SECONDS;

/**
 * Length of the pause (ms), unless the CRM states one. The connector has already retried the call.
 */
const PAUSES: Readonly<Record<ConnectorErrorKind, number>> = {
  retry: 15 * SECONDS,
  'rate-limited': 10 * SECONDS,
  'budget-spent': 60 * MINUTES,
  auth: 5 * MINUTES,
  forbidden: 5 * MINUTES,
  invalid: 5 * MINUTES,
  'not-found': 5 * MINUTES,
  configuration: 5 * MINUTES,
};

/** Kinds that an operator must fix. A command that follows a run ends when it meets one. */
export const OPERATOR_ACTION_KINDS: ReadonlySet<string> = new Set([
  'auth',
  'forbidden',
  'invalid',
  'not-found',
  'configuration',
  GUARD_KIND,
]);

/** A CRM that has been paused for longer counts as down. */
const DOWN_AFTER_MS = 2 * MINUTES;

/** Whether the pause is long enough to treat the CRM as down. */
export function isCrmDown({ error_kind, since }: Pick<CrmPause, 'error_kind' | 'since'>, now: Date): boolean {
  return (
    error_kind === 'budget-spent' ||
    OPERATOR_ACTION_KINDS.has(error_kind) ||
    now.getTime() - since.getTime() > DOWN_AFTER_MS
  );
}

/** Reads and writes share one daily quota, so both directions are paused and resumed together. */
const PAUSES_BOTH_DIRECTIONS: ReadonlySet<ConnectorErrorKind> = new Set(['budget-spent']);

interface PauseTarget {
  readonly crm: string;
  readonly direction: 'read' | 'write';
}

/**
 * Runs a job's work unless this direction of the CRM is paused. After a failure the job is enqueued
 * for the end of the pause.
 */
export async function runUnlessPaused(
  context: JobContext,
  target: PauseTarget,
  job: 'fetch-items' | 'sync-streams' | 'refresh-records' | 'poll-fast-streams' | 'write-scores',
  work: (mapped: MappedCrm) => Promise<void>,
): Promise<void> {
  const { crm, direction } = target;
  const mapped = context.crms.get(crm);
  if (!mapped || (await activePause(context.db, crm, direction, context.clock.now()))) return;
  const retryLater = (delayMs: number) => context.enqueue(job, { crm }, { delayMs });
  await pauseOnFailure(context, target, () => work(mapped), retryLater);
}

/**
 * Runs work in one direction of a CRM. A ConnectorError pauses that direction, and `retryLater`
 * gets the length of the pause (ms). No work is lost: it is still in the store. Any other error is
 * thrown, and BullMQ retries the job.
 * @returns whether the work was finished
 */
export async function pauseOnFailure(
  context: JobContext,
  target: PauseTarget,
  work: () => Promise<void>,
  retryLater: (delayMs: number) => Promise<void>,
): Promise<boolean> {
  const { crm, direction } = target;
  const before = context.clock.now();
  const calls = apiCallCountOf(context, crm);
  try {
    await work();
    // Clear only pauses that began before this job. A job that made no API call proves nothing
    // about the daily quota: keep its pause, or the next call would log the same warning again.
    const hasCalled = apiCallCountOf(context, crm) > calls;
    await clearPause(context.db, { ...target, before, ...(hasCalled ? {} : { except: PAUSES_BOTH_DIRECTIONS }) });
    if (hasCalled) await clearPausesOfKinds(context.db, { crm, kinds: PAUSES_BOTH_DIRECTIONS, before });
    return true;
  } catch (error) {
    if (context.signal.aborted) return false;
    if (!(error instanceof ConnectorError)) throw error;
    const pauseMs = error.retryAfterMs ?? PAUSES[error.kind];
    const directions = PAUSES_BOTH_DIRECTIONS.has(error.kind) ? BOTH_DIRECTIONS : [direction];
    await pauseDirections(context, crm, directions, error, pauseMs);
    await retryLater(pauseMs);
    return false;
  }
}

function apiCallCountOf({ crms }: JobContext, crm: string): number {
  return crms.get(crm)?.connector.apiCallCount() ?? 0;
}

const BOTH_DIRECTIONS = ['read', 'write'] as const;

async function pauseDirections(
  context: JobContext,
  crm: string,
  directions: readonly PauseTarget['direction'][],
  error: ConnectorError,
  pauseMs: number,
): Promise<void> {
  const now = context.clock.now();
  const until = new Date(now.getTime() + pauseMs);
  const { kind, message, code } = error;
  let isNew = false;
  for (const direction of directions) {
    const isNewPause = await pauseCrm(context.db, {
      crm,
      direction,
      error_kind: kind,
      message,
      fix: error.fix ?? null,
      since: now,
      until,
    });
    isNew ||= isNewPause;
  }
  // One warning for each outage; later attempts are logged as info.
  context.log[isNew ? 'warn' : 'info'](
    { crm, directions, kind, code, until: until.toISOString() },
    `${crm}: ${message}`,
  );
}
