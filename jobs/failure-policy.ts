// What a CRM's failure means for the jobs: which side of the CRM is left alone, and for how long. The only place that decides.
import { ConnectorError, type ConnectorErrorKind } from '../src/crm/connector-error.ts';
import { forget, type Halt, halt, haltInForce, resume } from '../src/store/sync/crm-pauses.ts';
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
export const NEEDS_SOMEBODY: ReadonlySet<string> = new Set([
  'auth',
  'forbidden',
  'invalid',
  'not-found',
  'configuration',
]);

/** What a stream says of itself: it is closed to us (or gone, as old API versions go), and the others are read on. */
export const CLOSED: ReadonlySet<string> = new Set(['forbidden', 'not-found', 'invalid']);

/** A CRM that has not answered for so long is down, as far as anybody who waits is concerned. */
const PATIENCE_MS = 2 * MINUTES;

/** Whether a halt is none that is over in a moment. */
export function isDown({ kind, since }: Pick<Halt, 'kind' | 'since'>, now: Date): boolean {
  return kind === 'budget-spent' || NEEDS_SOMEBODY.has(kind) || now.getTime() - since.getTime() > PATIENCE_MS;
}

/** The calls of the day are one budget: who may not read may not write, and who may read again may write. */
const OF_BOTH_SIDES: ReadonlySet<ConnectorErrorKind> = new Set(['budget-spent']);

interface Side {
  readonly crm: string;
  readonly side: 'read' | 'write';
}

/** A job's work on one side of a CRM, unless that is halted; after a failure the job is rung for again when the halt ends. */
export async function unlessHalted(
  context: JobContext,
  side: Side,
  job: 'items' | 'pull' | 'refresh' | 'watch' | 'write',
  work: (mapped: MappedCrm) => Promise<void>,
): Promise<void> {
  const { crm } = side;
  const mapped = context.crms.get(crm);
  if (!mapped || (await haltInForce(context.db, crm, side.side, context.clock.now()))) return;
  const again = (delayMs: number) => context.ring(job, { crm }, { delayMs });
  await withHalts(context, side, () => work(mapped), again);
}

/**
 * Runs work against one side of a CRM. Its failure halts that side and rings again when the halt ends; nothing is lost, as
 * what was to be done still stands in the store. Anything but a ConnectorError is thrown on: BullMQ retries it.
 * @returns whether the work came to its end
 */
export async function withHalts(
  context: JobContext,
  side: Side,
  work: () => Promise<void>,
  again: (delayMs: number) => Promise<void>,
): Promise<boolean> {
  const before = context.clock.now();
  const calls = callsMade(context, side.crm);
  try {
    await work();
    // Not one that another job has met with meanwhile. Who had nothing to ask for has not learned that there are calls again:
    // whoever asks next would tell of it anew.
    const hasAsked = callsMade(context, side.crm) > calls;
    await resume(context.db, { ...side, before, ...(hasAsked ? {} : { but: OF_BOTH_SIDES }) });
    if (hasAsked) await forget(context.db, { crm: side.crm, kinds: OF_BOTH_SIDES, before });
    return true;
  } catch (error) {
    if (context.signal.aborted) return false;
    if (!(error instanceof ConnectorError)) throw error;
    const pause = error.retryAfterMs ?? PAUSES[error.kind];
    const sides = OF_BOTH_SIDES.has(error.kind) ? BOTH_SIDES : [side.side];
    await haltFor(context, side.crm, sides, error, pause);
    await again(pause);
    return false;
  }
}

function callsMade({ crms }: JobContext, crm: string): number {
  return crms.get(crm)?.connector.callsMade() ?? 0;
}

const BOTH_SIDES = ['read', 'write'] as const;

async function haltFor(
  context: JobContext,
  crm: string,
  sides: readonly Side['side'][],
  error: ConnectorError,
  pauseMs: number,
): Promise<void> {
  const now = context.clock.now();
  const until = new Date(now.getTime() + pauseMs);
  const { kind, message, code } = error;
  let isNew = false;
  for (const side of sides) {
    const halted = await halt(context.db, { crm, side, kind, message, fix: error.fix ?? null, since: now, until });
    isNew ||= halted;
  }
  // Somebody who was told once that a CRM is down need not be told at every try.
  context.log[isNew ? 'warn' : 'info']({ crm, sides, kind, code, until: until.toISOString() }, `${crm}: ${message}`);
}
