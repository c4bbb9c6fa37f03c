// A batch that fails is halved down to the items that cause it; all others are processed.
import type { CrmConnector } from '../../src/crm/connector.ts';
import { ConnectorError } from '../../src/crm/connector-error.ts';
import { type PartFailure, toPartFailure } from './classify.ts';
import { isReachable } from './reachable.ts';

export interface FailedItem<T> {
  readonly item: T;
  readonly failure: PartFailure;
}

export interface DividedBatch<T> {
  /** The items that fail alone. */
  readonly failed: readonly FailedItem<T>[];
  /** Every item fails, also those that have nothing to do with this batch; null = not so. */
  readonly whole: PartFailure | null;
}

interface DivideOptions<T> {
  readonly connector: CrmConnector;
  /** Processes items and saves the result. */
  readonly work: (items: readonly T[], signal: AbortSignal) => Promise<void>;
  /**
   * Each processes one item that succeeded before, and saves nothing. If all of them fail, the
   * failure is not about the batch. Empty: `MAX_WITHOUT_SUCCESS` decides.
   */
  readonly controls: readonly ((signal: AbortSignal) => Promise<unknown>)[];
  /** Whether a batch that failed like this is halved; else the failure is thrown. Default: always. */
  readonly isDivisible?: (failure: PartFailure) => boolean;
  readonly signal: AbortSignal;
}

/** For a part of a batch that has failed: one item that hangs must not hold up the others for long. */
const PART_TIMEOUT_MS = 30_000;
/** Without controls: items that fail alone, and none that succeeds, before all are said to fail. */
const MAX_WITHOUT_SUCCESS = 3;

/**
 * Processes a batch. After a failure, halves it: at most 2 x ceil(log2 n) further calls for each
 * item that fails.
 * @throws an error that is about the whole CRM (also that it is down), or about our own store
 */
export async function divideBatch<T>(items: readonly T[], options: DivideOptions<T>): Promise<DividedBatch<T>> {
  const { work, controls, isDivisible = () => true, signal } = options;
  const first = await failureOf(() => work(items, signal), signal);
  if (first === null) return { failed: [], whole: null };
  if (!isDivisible(first)) throw first.error;
  await throwIfDown(options, first);
  if (await doAllFail(controls, signal)) return { failed: [], whole: first };
  const halving = { ...options, failed: [] as FailedItem<T>[], successes: 0 };
  await halve(items, first, halving);
  const { failed } = halving;
  // An outage that began meanwhile is not the fault of these items.
  const last = failed.find(({ failure }) => failure.isTemporary)?.failure;
  if (last !== undefined) await throwIfDown(options, last);
  if (last !== undefined && (await doAllFail(controls, signal))) return { failed: [], whole: first };
  return isGivenUp(halving) ? { failed: [], whole: first } : { failed, whole: null };
}

interface Halving<T> extends DivideOptions<T> {
  readonly failed: FailedItem<T>[];
  successes: number;
}

async function halve<T>(items: readonly T[], failure: PartFailure, halving: Halving<T>): Promise<void> {
  const [only] = items;
  if (only !== undefined && items.length === 1) {
    halving.failed.push({ item: only, failure });
    return;
  }
  const middle = Math.ceil(items.length / 2);
  for (const half of [items.slice(0, middle), items.slice(middle)]) {
    if (half.length === 0 || isGivenUp(halving)) continue;
    const found = await limited((limit) => halving.work(half, limit), halving.signal);
    if (found === null) halving.successes += 1;
    else await halve(half, found, halving);
  }
}

function isGivenUp({
  controls,
  failed,
  successes,
}: Pick<Halving<unknown>, 'controls' | 'failed' | 'successes'>): boolean {
  return controls.length === 0 && successes === 0 && failed.length >= MAX_WITHOUT_SUCCESS;
}

async function throwIfDown(
  { connector, signal }: Pick<DivideOptions<unknown>, 'connector' | 'signal'>,
  failure: PartFailure,
): Promise<void> {
  if (failure.isTemporary && !(await isReachable(connector, signal))) throw failure.error;
}

async function doAllFail(controls: DivideOptions<unknown>['controls'], signal: AbortSignal): Promise<boolean> {
  for (const control of controls) {
    if ((await limited(control, signal)) === null) return false;
  }
  return controls.length > 0;
}

async function failureOf(work: () => Promise<unknown>, signal: AbortSignal): Promise<PartFailure | null> {
  try {
    await work();
    return null;
  } catch (error) {
    const failure = signal.aborted ? null : toPartFailure(error);
    if (failure === null) throw error;
    return failure;
  }
}

/** Fails with a time-out after PART_TIMEOUT_MS. */
async function limited(
  work: (limit: AbortSignal) => Promise<unknown>,
  signal: AbortSignal,
): Promise<PartFailure | null> {
  const timeout = AbortSignal.timeout(PART_TIMEOUT_MS);
  try {
    return await failureOf(() => work(AbortSignal.any([signal, timeout])), signal);
  } catch (error) {
    if (signal.aborted || !timeout.aborted) throw error;
    return TIMED_OUT;
  }
}

const TIMED_OUT_MESSAGE = `no answer within ${PART_TIMEOUT_MS / 1_000} s`;
const TIMED_OUT: PartFailure = {
  failure: { code: 'TIMEOUT', message: TIMED_OUT_MESSAGE, fix: null },
  isTemporary: true,
  // Thrown only when the CRM is down: then it is a pause, as for every other time-out.
  error: new ConnectorError({ kind: 'retry', crm: '', message: TIMED_OUT_MESSAGE, code: 'TIMEOUT' }),
};
