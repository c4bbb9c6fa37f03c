// What a CRM's failure means for the jobs: which side of the CRM is left alone, and for how long. The only place that decides.
import { ConnectorError, type ConnectorErrorKind } from '../src/crm/connector-error.ts';
import { activePause, type CrmPause, clearPause, clearPausesOfKinds, pauseCrm } from '../src/store/sync/crm-pauses.ts';
import type { JobContext, MappedCrm } from './context.ts';

const SECONDS = 1_000;
const MINUTES = 60 * SECONDS;

/** How long nothing is asked of the CRM, where it does not say so itself. The connector has retried before it gives up. */
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

/** Kinds that no waiting mends: a command that follows the work ends with them. */
export const OPERATOR_ACTION_KINDS: ReadonlySet<string> = new Set([
  'auth',
  'forbidden',
  'invalid',
  'not-found',
  'configuration',
]);

/** What a stream says of itself: it is closed to us (or gone, as old API versions go), and the others are read on. */
export const STREAM_UNAVAILABLE_KINDS: ReadonlySet<string> = new Set(['forbidden', 'not-found', 'invalid']);

/** A CRM that has not answered for so long is down, as far as anybody who waits is concerned. */
const PATIENCE_MS = 2 * MINUTES;

/** Whether a halt is none that is over in a moment. */
export function isCrmDown({ error_kind, since }: Pick<CrmPause, 'error_kind' | 'since'>, now: Date): boolean {
  return (
    error_kind === 'budget-spent' ||
    OPERATOR_ACTION_KINDS.has(error_kind) ||
    now.getTime() - since.getTime() > PATIENCE_MS
  );
}

/** The calls of the day are one budget: who may not read may not write, and who may read again may write. */
const PAUSES_BOTH_DIRECTIONS: ReadonlySet<ConnectorErrorKind> = new Set(['budget-spent']);

interface PauseDirection {
  readonly crm: string;
  readonly direction: 'read' | 'write';
}

/** A job's work on one side of a CRM, unless that is halted; after a failure the job is rung for again when the halt ends. */
export async function runUnlessPaused(
  context: JobContext,
  side: PauseDirection,
  job: 'fetch-items' | 'sync-streams' | 'refresh-records' | 'poll-fast-streams' | 'write-scores',
  work: (mapped: MappedCrm) => Promise<void>,
): Promise<void> {
  const { crm } = side;
  const mapped = context.crms.get(crm);
  if (!mapped || (await activePause(context.db, crm, side.direction, context.clock.now()))) return;
  const again = (delayMs: number) => context.enqueue(job, { crm }, { delayMs });
  await pauseOnFailure(context, side, () => work(mapped), again);
}

/**
 * Runs work against one side of a CRM. Its failure halts that side and rings again when the halt ends; nothing is lost, as
 * what was to be done still stands in the store. Anything but a ConnectorError is thrown on: BullMQ retries it.
 * @returns whether the work came to its end
 */
export async function pauseOnFailure(
  context: JobContext,
  side: PauseDirection,
  work: () => Promise<void>,
  again: (delayMs: number) => Promise<void>,
): Promise<boolean> {
  const before = context.clock.now();
  const calls = apiCallCountOf(context, side.crm);
  try {
    await work();
    // Not one that another job has met with meanwhile. Who had nothing to ask for has not learned that there are calls again:
    // whoever asks next would tell of it anew.
    const hasAsked = apiCallCountOf(context, side.crm) > calls;
    await clearPause(context.db, { ...side, before, ...(hasAsked ? {} : { but: PAUSES_BOTH_DIRECTIONS }) });
    if (hasAsked) await clearPausesOfKinds(context.db, { crm: side.crm, kinds: PAUSES_BOTH_DIRECTIONS, before });
    return true;
  } catch (error) {
    if (context.signal.aborted) return false;
    if (!(error instanceof ConnectorError)) throw error;
    const pause = error.retryAfterMs ?? PAUSES[error.kind];
    const sides = PAUSES_BOTH_DIRECTIONS.has(error.kind) ? BOTH_DIRECTIONS : [side.direction];
    await pauseDirections(context, side.crm, sides, error, pause);
    await again(pause);
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
  sides: readonly PauseDirection['direction'][],
  error: ConnectorError,
  pauseMs: number,
): Promise<void> {
  const now = context.clock.now();
  const until = new Date(now.getTime() + pauseMs);
  const { kind, message, code } = error;
  let isNew = false;
  for (const side of sides) {
    const halted = await pauseCrm(context.db, {
      crm,
      direction: side,
      error_kind: kind,
      message,
      fix: error.fix ?? null,
      since: now,
      until,
    });
    isNew ||= halted;
  }
  // Somebody who was told once that a CRM is down need not be told at every try.
  context.log[isNew ? 'warn' : 'info']({ crm, sides, kind, code, until: until.toISOString() }, `${crm}: ${message}`);
}
