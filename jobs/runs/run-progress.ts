// How far a run (backfill, nightly, recompute, round) has come: what it set going is read, scored and written, one after the other. Each
// step waits for what was marked until the one before it was over, and for nothing that others have asked for since: somebody always has.
import { z } from 'zod';
import {
  hasChangedCounters,
  hasDirty,
  hasDue,
  hasQueuedForMatching,
  hasUnwritten,
  lastMatchQueueSeq,
} from '../../src/store/sync/remaining-work.ts';
import { type Run, setRunProgressOnce } from '../../src/store/sync/runs.ts';
import type { JobContext } from '../context.ts';

/** Whether its own part is over: it marked what it had to, and every CRM was read to its end since. */
export function isOwnWorkDone({ crms }: JobContext, { progress }: Run): boolean {
  return progress.marked === true && [...crms.keys()].every((crm) => progress[`pulled ${crm}`] === true);
}

const instant = z.iso
  .datetime()
  .transform((text) => new Date(text))
  .nullable()
  .catch(null);
/** When each step was over. */
const stepsSchema = z.object({
  'own part over': instant,
  'all read': instant,
  'all dated': instant,
  'last unmatched': z.number().nullable().catch(null),
  'all scored': instant,
  /** The thresholds, when all was scored (move-thresholds.ts); null as well where there are none. */
  'moved at': instant,
  'all scored again': instant,
});
type Step = Exclude<keyof z.infer<typeof stepsSchema>, 'last unmatched'>;

/** What a run has left to do. */
export type RemainingWork = 'to-score' | 'to-write' | 'nothing';

/** Notes each step that it finds over. */
export async function remainingWork(context: JobContext, run: Run): Promise<RemainingWork> {
  if (!isOwnWorkDone(context, run)) return 'to-score';
  const { db, clock, debounceMs } = context;
  const crms = [...context.crms.keys()];
  const known = stepsSchema.parse(run.progress);
  const over = async (step: Step, isAnyLeft: () => Promise<boolean> = async () => false) => {
    if (known[step] !== null || (await isAnyLeft())) return known[step];
    const now = clock.now();
    await setRunProgressOnce(db, run.id, { [step]: now.toISOString() }, now);
    return now;
  };
  const lastMark = async () => {
    if (known['last unmatched'] !== null) return known['last unmatched'];
    const last = await lastMatchQueueSeq(db);
    await setRunProgressOnce(db, run.id, { 'last unmatched': last }, clock.now());
    return last;
  };
  const own = await over('own part over');
  const read = own && (await over('all read', () => hasDirty(db, crms, own)));
  const dated = read && (await over('all dated', () => hasChangedCounters(db, crms, read)));
  if (dated === null) return 'to-score';
  const unmatched = await lastMark();
  // Whoever was scored a moment before rests for that long.
  const rested = new Date(dated.getTime() + debounceMs);
  const scored = await over('all scored', async () => {
    return (await hasQueuedForMatching(db, unmatched)) || (await hasDue(db, rested));
  });
  const moved = known['moved at'];
  const last = moved === null ? scored : await over('all scored again', () => hasDue(db, moved));
  if (last === null) return 'to-score';
  return (await hasUnwritten(db, crms, { by: last, now: clock.now() })) ? 'to-write' : 'nothing';
}
