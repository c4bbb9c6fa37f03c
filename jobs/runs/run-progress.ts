// How far a run (backfill, nightly, recompute, round) has come: what it set going is read, scored and written, one after the other. Each
// step waits for what was marked until the one before it was over, and for nothing that others have asked for since: somebody always has.
import { z } from 'zod';
import {
  isAnyDirty,
  isAnyDue,
  isAnyUndated,
  isAnyUnmatched,
  isAnyUnwritten,
  lastUnmatched,
} from '../../src/store/sync/remaining-work.ts';
import { noteOnce, type Run } from '../../src/store/sync/runs.ts';
import type { JobContext } from '../context.ts';

/** Whether its own part is over: it marked what it had to, and every CRM was read to its end since. */
export function hasDoneItsPart({ crms }: JobContext, { progress }: Run): boolean {
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
export type Left = 'to-score' | 'to-write' | 'nothing';

/** Notes each step that it finds over. */
export async function leftOf(context: JobContext, run: Run): Promise<Left> {
  if (!hasDoneItsPart(context, run)) return 'to-score';
  const { db, clock, quietMs } = context;
  const crms = [...context.crms.keys()];
  const known = stepsSchema.parse(run.progress);
  const over = async (step: Step, isAnyLeft: () => Promise<boolean> = async () => false) => {
    if (known[step] !== null || (await isAnyLeft())) return known[step];
    const now = clock.now();
    await noteOnce(db, run.id, { [step]: now.toISOString() }, now);
    return now;
  };
  const lastMark = async () => {
    if (known['last unmatched'] !== null) return known['last unmatched'];
    const last = await lastUnmatched(db);
    await noteOnce(db, run.id, { 'last unmatched': last }, clock.now());
    return last;
  };
  const own = await over('own part over');
  const read = own && (await over('all read', () => isAnyDirty(db, crms, own)));
  const dated = read && (await over('all dated', () => isAnyUndated(db, crms, read)));
  if (dated === null) return 'to-score';
  const unmatched = await lastMark();
  // Whoever was scored a moment before rests for that long.
  const rested = new Date(dated.getTime() + quietMs);
  const scored = await over('all scored', async () => {
    return (await isAnyUnmatched(db, unmatched)) || (await isAnyDue(db, rested));
  });
  const moved = known['moved at'];
  const last = moved === null ? scored : await over('all scored again', () => isAnyDue(db, moved));
  if (last === null) return 'to-score';
  return (await isAnyUnwritten(db, crms, { by: last, now: clock.now() })) ? 'to-write' : 'nothing';
}
