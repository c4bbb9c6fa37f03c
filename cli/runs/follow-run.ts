// Follows a run to its end: progress on standard error, and whether all went well.
import { setTimeout as sleep } from 'node:timers/promises';
import { isCrmDown, OPERATOR_ACTION_KINDS } from '../../jobs/failure-policy.ts';
import { countErrors } from '../../src/store/leads/record-errors.ts';
import { type CrmPause, listPauses } from '../../src/store/sync/crm-pauses.ts';
import { pendingWork } from '../../src/store/sync/pending-work.ts';
import { findRun, type Run } from '../../src/store/sync/runs.ts';
import type { Product } from '../product/open-product.ts';
import type { CommandIo } from '../terminal/io.ts';

export interface RunSummary {
  readonly run: number;
  readonly state: 'done' | 'paused' | 'failed';
  /** Why it failed. */
  readonly error: string | null;
  readonly scored: number;
  readonly written: number;
  readonly refused: number;
  readonly decayed: number;
  /** Records that stand in the error list now, whatever run put them there. */
  readonly errors: number;
  readonly pauses: readonly Pick<CrmPause, 'crm' | 'direction' | 'error_kind' | 'message' | 'fix'>[];
}

const POLL_MS = 200;
const PROGRESS_MS = 2_000;

/** Resolves when the run is done, or when all that is left of it waits for CRMs whose pauses need somebody, or last too long. `atEachLook` is called a few times a second. */
export async function followRun(
  product: Product,
  runId: number,
  io: CommandIo,
  atEachLook: () => Promise<void> = async () => {},
): Promise<RunSummary> {
  const { db, clock } = product.context;
  let said = '';
  let sayAt = 0;
  for (;;) {
    const run = await findRun(db, runId);
    const now = clock.now();
    const standing = await listPauses(db, [...product.context.crms.keys()]);
    // Done all the same: a CRM that could not be read or written is told, or the result would look whole.
    if (!run || run.state === 'done' || run.state === 'failed') return summarize(product, run, standing);
    const pauses = standing.filter((pause) => endsCommand(pause, now));
    if (pauses.length > 0 && !(await isWorkLeft(product, run, pauses))) return summarize(product, run, pauses);
    if (now.getTime() >= sayAt) {
      const line = [await progressLine(product, run), ...standing.filter(isWaitingForQuota).map(quotaLine)].join('; ');
      if (line !== said) io.stderr.write(`${line}\n`);
      said = line;
      sayAt = now.getTime() + PROGRESS_MS;
    }
    await atEachLook();
    await sleep(POLL_MS);
  }
}

/** The calls of the day are used up: no trouble, and it goes on by itself. */
function isWaitingForQuota({ error_kind, direction }: CrmPause): boolean {
  return error_kind === 'budget-spent' && direction === 'read';
}

function quotaLine({ crm, message, until }: CrmPause): string {
  return `${crm} rests until ${until.toISOString()}: ${message}`;
}

function endsCommand(pause: CrmPause, now: Date): boolean {
  return pause.error_kind !== 'budget-spent' && isCrmDown(pause, now);
}

/** Whether there is anything left to do for the other CRMs: one that is down does not end the work on them. */
async function isWorkLeft({ context }: Product, run: Run, pauses: readonly CrmPause[]): Promise<boolean> {
  const down = new Set(pauses.map(({ crm }) => crm));
  const others = [...context.crms.keys()].filter((crm) => !down.has(crm));
  if (others.length === 0) return false;
  if (!others.every((crm) => run.progress[`pulled ${crm}`] === true)) return true;
  const { dirty, due, outbox, waiting } = await pendingWork(context.db, context.clock.now(), others);
  return dirty > 0 || due > 0 || outbox > waiting;
}

async function progressLine({ context }: Product, run: Run): Promise<string> {
  const { dirty, due, outbox } = await pendingWork(context.db, context.clock.now(), [...context.crms.keys()]);
  const read = `${count(run, 'records')} records, ${count(run, 'activities')} activities read`;
  const done = `${count(run, 'scored')} scored, ${count(run, 'written')} written`;
  return `${run.job}: ${read}; ${done}; to do: ${dirty} to read, ${due} to score, ${outbox} to write`;
}

async function summarize({ context }: Product, run: Run | null, pauses: readonly CrmPause[]): Promise<RunSummary> {
  return {
    run: run?.id ?? 0,
    state: run?.state === 'done' || run?.state === 'failed' ? run.state : 'paused',
    error: run?.error ?? null,
    scored: count(run, 'scored'),
    written: count(run, 'written'),
    refused: count(run, 'refused'),
    decayed: count(run, 'decayed'),
    errors: await countErrors(context.db, [...context.crms.keys()]),
    pauses: pauses.map(({ crm, direction, error_kind, message, fix }) => ({
      crm,
      direction,
      error_kind,
      message,
      fix: fix,
    })),
  };
}

function count(run: Run | null, name: string): number {
  const value = run?.progress[name];
  return typeof value === 'number' ? value : 0;
}

/** Prints a summary and sets the exit code: 0 all well, 1 some records failed, 2 somebody must mend something, 3 a CRM is down. */
export function reportRun(io: CommandIo, job: string, summary: RunSummary, json: boolean): void {
  for (const pause of summary.pauses) {
    io.stderr.write(`${[`${pause.crm}: ${pause.message}`, pause.fix].filter(Boolean).join(' ')}\n`);
  }
  if (summary.error !== null) io.stderr.write(`${summary.error}\n`);
  if (json) io.stdout.write(`${JSON.stringify({ job, ...summary })}\n`);
  else if (summary.state === 'done') io.stdout.write(`${sentence(job, summary)}\n`);
  if (summary.pauses.some((pause) => OPERATOR_ACTION_KINDS.has(pause.error_kind))) io.setExitCode(2);
  else if (summary.pauses.length > 0 || summary.state === 'failed') io.setExitCode(3);
  else io.setExitCode(summary.errors > 0 ? 1 : 0);
}

function sentence(job: string, { scored, written, refused, errors }: RunSummary): string {
  const failed = errors === 0 ? '' : ` ${errors} entries in the error list (leadgrade errors list).`;
  return `${job}: done. ${scored} leads scored, ${written} records written, ${refused} refused.${failed}`;
}
