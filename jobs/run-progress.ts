// What a run (backfill, nightly, recompute, round) still waits for.
import type { Run } from '../src/store/runs.ts';
import type { JobContext } from './context.ts';

/** Whether its own part is over: it marked what it had to, and every CRM was read to its end since. */
export function hasDoneItsPart({ crms }: JobContext, { progress }: Run): boolean {
  return progress.marked === true && [...crms.keys()].every((crm) => progress[`pulled ${crm}`] === true);
}
