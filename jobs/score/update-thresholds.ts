// Bands of the best share of all leads (`top: 5%`): what that is in points is worked out once a night, after the night's leads are
// scored, and once for a model that has no thresholds yet. Where it moved, exactly those leads are scored again that it concerns.
import { type ScoreCount, scoreOfBestShare } from '../../src/scoring/best-share.ts';
import type { CompiledBand, CompiledStatus } from '../../src/scoring/status.ts';
import {
  type Basis,
  countByScore,
  markDueByThreshold,
  saveThresholds,
  thresholdsOf,
} from '../../src/store/leads/band-thresholds.ts';
import { hasDue } from '../../src/store/sync/remaining-work.ts';
import { activeRuns, type Run, setRunProgressOnce } from '../../src/store/sync/runs.ts';
import type { JobContext } from '../context.ts';
import { isOwnWorkDone, remainingWork } from '../runs/run-progress.ts';

const MOVED = 'threshold';
/** Until a model has thresholds its floors are applied; whoever reached a band by that alone has never really been in it. */
export const INITIAL_THRESHOLD = 'first-threshold';

type TopBand = CompiledBand & { readonly top: number };

/**
 * To be called when everybody is scored who was due. Does nothing by day and without such bands. By night it waits for what the run has
 * set going. The first ones do not wait for what is still to be read: nothing is written before them (`lacksThresholds`).
 * Values and marks are kept in one transaction: killed before it ends, it is done again; afterwards it finds nothing moved.
 * @param basisHash of the leads that count: those that were scored with what leads are scored with now
 * @param began when the scoring did: whoever is due since then is none of those that were waited for
 * @returns how many leads are due again
 */
export async function updateBandThresholds(context: JobContext, basisHash: string, began: Date): Promise<number> {
  const { db, clock } = context;
  const { basis } = context.model.compiled.status;
  const bands = topBands(context.model.compiled.status);
  if (basis === 'matrix' || bands.length === 0) return 0;
  const ready: Run[] = [];
  for (const run of await activeRuns(db)) {
    if (runNeedsThresholds(context, run) && (await remainingWork(context, run)) !== 'to-score') ready.push(run);
  }
  const stored = new Map((await thresholdsOf(db, context.model.hash)).map(({ band, points }) => [band, points]));
  const isFirst = !bands.every((band) => stored.has(band.id));
  if (ready.length === 0 && (!isFirst || (await hasDue(db, began)))) return 0;
  const marked = await keepAndMark(context, basis, { bands, stored, basisHash });
  // Worked out before a run has seen all read and scored, they are so again when it has.
  const now = clock.now();
  for (const { id } of ready) {
    await setRunProgressOnce(db, id, { thresholds: true, moved: marked, 'moved at': now.toISOString() }, now);
  }
  return marked;
}

/** Whether the model's bands still stand at their floors: what leads are in by that alone is not what anybody should see. */
export async function hasUnsetThresholds({ db, model }: JobContext): Promise<boolean> {
  const { status } = model.compiled;
  const bands = status.basis === 'matrix' ? [] : topBands(status);
  if (bands.length === 0) return false;
  const stored = new Set((await thresholdsOf(db, model.hash)).map(({ band }) => band));
  return !bands.every((band) => stored.has(band.id));
}

interface ToMove {
  readonly bands: readonly TopBand[];
  readonly stored: ReadonlyMap<string, number>;
  readonly basisHash: string;
}

function keepAndMark({ db, clock, model }: JobContext, basis: Basis, { bands, stored, basisHash }: ToMove) {
  const now = clock.now();
  return db.transaction().execute(async (tx) => {
    const counts = await countByScore(tx, basis, basisHash);
    const leads = counts.reduce((sum, each) => sum + each.leads, 0);
    const values = bands.map((band) => ({ band, points: applied(band, counts) }));
    const rows = values.map(({ band, points }) => ({ band: band.id, points, leads, computed_at: now }));
    await saveThresholds(tx, model.hash, rows);
    let marked = 0;
    for (const { band, points } of values) {
      // Without a stored value the floor was applied.
      const from = Math.max(stored.get(band.id) ?? band.points, band.points);
      if (from === points) continue;
      const place = model.compiled.status.bands.indexOf(band);
      const inside = model.compiled.status.bands.slice(0, place + 1).map(({ id }) => id);
      const isFirst = !stored.has(band.id);
      const [hysteresis, cause] = isFirst ? [0, INITIAL_THRESHOLD] : [band.hysteresis, MOVED];
      marked += await markDueByThreshold(tx, basis, { from, to: points, hysteresis, inside, cause }, now);
    }
    return marked;
  });
}

function applied(band: TopBand, counts: readonly ScoreCount[]): number {
  return Math.max(scoreOfBestShare(counts, band.top) ?? band.points, band.points);
}

/** Whether a run still has to see thresholds worked out before it is over. */
export function runNeedsThresholds(context: JobContext, run: Run): boolean {
  if (run.job === 'round' || run.progress.thresholds === true || !isOwnWorkDone(context, run)) return false;
  const { status } = context.model.compiled;
  return status.basis !== 'matrix' && topBands(status).length > 0;
}

function topBands({ bands }: CompiledStatus): readonly TopBand[] {
  return bands.filter((band): band is TopBand => band.top !== null);
}
