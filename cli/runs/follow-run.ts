// Follows a run to its end: prints the progress on standard error, then the summary and the exit
// code.
import { setTimeout as sleep } from 'node:timers/promises';
import { isCrmDown, OPERATOR_ACTION_KINDS } from '../../jobs/failure-policy.ts';
import { describeFindings } from '../../jobs/read/describe-findings.ts';
import { GUARD_KIND } from '../../src/domain/limits/guard.ts';
import { countErrors } from '../../src/store/leads/record-errors.ts';
import { findingsOfRun, type StreamFindings } from '../../src/store/reconcile/findings.ts';
import { groupSetAside, type SetAsideGroup } from '../../src/store/set-aside/list-set-aside.ts';
import { nameOf } from '../../src/store/set-aside/name-of.ts';
import { type CrmPause, listPauses } from '../../src/store/sync/crm-pauses.ts';
import { pendingWork, pendingWorkText } from '../../src/store/sync/pending-work.ts';
import { hasUnwritten } from '../../src/store/sync/remaining-work.ts';
import { isStepDone, listRunSteps } from '../../src/store/sync/run-steps.ts';
import { findRun, type Run } from '../../src/store/sync/runs.ts';
import type { Product } from '../product/open-product.ts';
import type { CommandIo } from '../terminal/io.ts';
import { formatCount, leadCounts } from './lead-counts.ts';

export interface RunSummary {
  readonly run: number;
  readonly state: 'done' | 'paused' | 'failed';
  /** The error of a failed run. */
  readonly error: string | null;
  readonly scored: number;
  /** Leads without a score: `leads.where` of the mapping excludes them. */
  readonly out_of_scope: number;
  readonly written: number;
  readonly refused: number;
  /** Records that were scored and not written, as the CRM holds the same values already. */
  readonly unchanged: number;
  /** Records that were scored and not written because of the mapping's `min_change`. */
  readonly below_min_change: number;
  /** Records that were scored and not written because of the mapping's `when_edited: respect`. */
  readonly respected: number;
  readonly decayed: number;
  /** Entries in the error list now, of this run and of earlier ones. */
  readonly errors: number;
  /** What the reconciliation of a recompute found, by CRM and stream. */
  readonly found: Readonly<Record<string, StreamFindings>>;
  /** What could not be read or written. It is tried again by itself. */
  readonly setAside: readonly SetAsideGroup[];
  readonly pauses: readonly Pick<CrmPause, 'crm' | 'direction' | 'error_kind' | 'message' | 'fix'>[];
}

const POLL_MS = 200;
const PROGRESS_MS = 2_000;

/**
 * Resolves when the run is done, or when all remaining work waits for CRMs that are down or need
 * operator action. `onPoll` is called every POLL_MS.
 */
export async function followRun(
  product: Product,
  runId: number,
  io: CommandIo,
  onPoll: () => Promise<void> = async () => {},
): Promise<RunSummary> {
  const { db, clock } = product.context;
  let printed = '';
  let nextPrintAt = 0;
  for (;;) {
    const run = await findRun(db, runId);
    const now = clock.now();
    const activePauses = await listPauses(db, [...product.context.crms.keys()]);
    // A run can be done although a CRM is paused: report the pause, or the result would look
    // complete.
    if (!run || run.state === 'done' || run.state === 'failed') return summarize(product, run, activePauses);
    const pauses = activePauses.filter((pause) => endsCommand(pause, now));
    if (pauses.length > 0 && !(await isWorkLeft(product, run, pauses))) return summarize(product, run, pauses);
    if (now.getTime() >= nextPrintAt) {
      const line = [await progressLine(product, run), ...activePauses.filter(isWaitingForQuota).map(quotaLine)].join(
        '; ',
      );
      if (line !== printed) io.stderr.write(`${line}\n`);
      printed = line;
      nextPrintAt = now.getTime() + PROGRESS_MS;
    }
    await onPoll();
    await sleep(POLL_MS);
  }
}

/** The daily quota is used up. Reading continues without operator action when it is reset. */
function isWaitingForQuota({ error_kind, direction }: CrmPause): boolean {
  return error_kind === 'budget-spent' && direction === 'read';
}

function quotaLine({ crm, message, until }: CrmPause): string {
  return `${crm}: reading is paused until ${until.toISOString()}: ${message}`;
}

function endsCommand(pause: CrmPause, now: Date): boolean {
  return pause.error_kind !== 'budget-spent' && isCrmDown(pause, now);
}

/** Whether work is left for the other CRMs: they continue while one is down. */
async function isWorkLeft({ context }: Product, run: Run, pauses: readonly CrmPause[]): Promise<boolean> {
  // A hold of the guard stops the writes only.
  const isHeld = pauses.some(({ error_kind }) => error_kind === GUARD_KIND);
  const down = new Set(pauses.filter(({ error_kind }) => error_kind !== GUARD_KIND).map(({ crm }) => crm));
  const others = [...context.crms.keys()].filter((crm) => !down.has(crm));
  if (others.length === 0) return false;
  const steps = await listRunSteps(context.db, run.id);
  if (!others.every((crm) => isStepDone(steps, 'streams-synced', crm))) return true;
  const now = context.clock.now();
  const { dirty, due } = await pendingWork(context.db, now, others);
  return dirty > 0 || due > 0 || (!isHeld && (await hasUnwritten(context.db, others, { until: now, now })));
}

async function progressLine({ context }: Product, run: Run): Promise<string> {
  const work = await pendingWork(context.db, context.clock.now(), [...context.crms.keys()]);
  const shown = (name: string): string => formatCount(count(run, name));
  const read = `${shown('records')} records, ${shown('activities')} activities read`;
  const done = `${shown('scored')} scored, ${shown('written')} written`;
  return `${run.job}: ${read}; ${done}; to do: ${pendingWorkText(work)}`;
}

async function summarize({ context }: Product, run: Run | null, pauses: readonly CrmPause[]): Promise<RunSummary> {
  return {
    run: run?.id ?? 0,
    state: run?.state === 'done' || run?.state === 'failed' ? run.state : 'paused',
    error: run?.error ?? null,
    scored: count(run, 'scored'),
    out_of_scope: count(run, 'out_of_scope'),
    written: count(run, 'written'),
    refused: count(run, 'refused'),
    unchanged: count(run, 'unchanged'),
    below_min_change: count(run, 'below_min_change'),
    respected: count(run, 'respected'),
    decayed: count(run, 'decayed'),
    errors: await countErrors(context.db, [...context.crms.keys()]),
    found: run === null ? {} : await findingsOfRun(context.db, run.id),
    setAside: await groupSetAside(context.db, [...context.crms.keys()]),
    pauses: pauses.map(({ crm, direction, error_kind, message, fix }) => ({
      crm,
      direction,
      error_kind,
      message,
      fix,
    })),
  };
}

function count(run: Run | null, name: string): number {
  return run?.progress[name] ?? 0;
}

/**
 * Prints the summary and sets the exit code: 0 no errors, 1 some records failed, 2 operator action
 * needed, 3 a CRM is down or the run failed.
 */
export function reportRun(io: CommandIo, job: string, summary: RunSummary, json: boolean): void {
  for (const pause of summary.pauses) {
    io.stderr.write(`${[`${pause.crm}: ${pause.message}`, pause.fix].filter(Boolean).join(' ')}\n`);
  }
  for (const { crm, code, fix, ...group } of summary.setAside) {
    io.stderr.write(`${[`${crm}: set aside: ${nameOf(group)} (${code}).`, fix].filter(Boolean).join(' ')}\n`);
  }
  if (summary.error !== null) io.stderr.write(`${summary.error}\n`);
  if (json) io.stdout.write(`${JSON.stringify({ job, ...summary })}\n`);
  else if (summary.state === 'done') io.stdout.write(`${sentence(job, summary)}\n`);
  if (summary.pauses.some((pause) => OPERATOR_ACTION_KINDS.has(pause.error_kind))) io.setExitCode(2);
  else if (summary.pauses.length > 0 || summary.state === 'failed') io.setExitCode(3);
  else io.setExitCode(summary.errors > 0 || summary.setAside.length > 0 ? 1 : 0);
}

function sentence(job: string, summary: RunSummary): string {
  const { scored, out_of_scope: outOfScope, errors, found } = summary;
  const findings = Object.entries(found).map(([crm, each]) => `\n${crm}: ${describeFindings(each)}.`);
  const failed = errors === 0 ? '' : ` ${errors} entries in the error list (npx leadgrade errors list).`;
  const counts = `${leadCounts(scored, outOfScope)}; ${recordCounts(summary)}.`;
  return `${job}: done. ${counts}${failed}${findings.join('')}`;
}

function recordCounts({ written, refused, unchanged, below_min_change: small, respected }: RunSummary): string {
  return [
    `${formatCount(written)} records written`,
    `${formatCount(refused)} refused`,
    ...(unchanged === 0 ? [] : [`${formatCount(unchanged)} not written because the CRM holds the same`]),
    ...(small === 0 ? [] : [`${formatCount(small)} not written because of min_change`]),
    ...(respected === 0 ? [] : [`${formatCount(respected)} not written because of when_edited: respect`]),
  ].join(', ');
}
