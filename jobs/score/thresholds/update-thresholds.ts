// Computes the thresholds of bands with `top` or `capacity` in points: once a night, after the leads of the night are
// scored, and once for a model without thresholds. Only the leads that a moved threshold concerns become due again; that
// of a band with a capacity concerns leads whose points rise later.
import type { Transaction } from 'kysely';
import { type ScoreCount, scoreOfBestShare } from '../../../src/scoring/best-share.ts';
import { capacityLines } from '../../../src/scoring/capacity/capacity-texts.ts';
import type { CompiledBand } from '../../../src/scoring/status.ts';
import {
  type ComputedThreshold,
  type StoredThreshold,
  saveThresholds,
  thresholdsOf,
} from '../../../src/store/leads/band-thresholds.ts';
import {
  type Basis,
  countByScore,
  markDueByThreshold,
  type ThresholdChange,
} from '../../../src/store/leads/ranked-leads.ts';
import { lockScoring } from '../../../src/store/models/scoring-config.ts';
import { hasDue } from '../../../src/store/sync/remaining-work.ts';
import { completeStepOnce } from '../../../src/store/sync/run-steps.ts';
import { activeRuns, type Run } from '../../../src/store/sync/runs.ts';
import type { Tables } from '../../../src/store/tables/tables.ts';
import type { JobContext, ScoredModel } from '../../context.ts';
import { remainingWork } from '../../runs/run-progress.ts';
import { type CapacityResult, firstCapacities, nextCapacities } from './capacity-thresholds.ts';
import { movingBands } from './moving-bands.ts';

/** The causes of leads that are due again. */
const MOVED = 'threshold';
const FIRST = 'first-threshold';

/**
 * Call it when all due leads are scored. Does nothing without such bands, and during the day
 * unless the model has no thresholds yet. A nightly update waits until all work of its run is
 * scored. The first update does not wait for unread records, because nothing is written before it.
 * Thresholds and due marks are saved in one transaction: a killed process does it again, or finds
 * that no threshold moved.
 * @param inputsHash only leads that were scored with these inputs count
 * @param startedAt start of the scoring: leads that are due since then are not waited for
 * @returns the number of leads that are due again
 */
export async function updateBandThresholds(context: JobContext, inputsHash: string, startedAt: Date): Promise<number> {
  const { db, clock, log } = context;
  const moving = await Promise.all(context.models.map((model) => movingOf(context, model)));
  const ranked = moving.flatMap((each) => each ?? []);
  if (ranked.length === 0) return 0;
  const runs = await runsToUpdate(context);
  const initial = ranked.filter(({ missing }) => missing.length > 0);
  if (runs.length === 0 && (initial.length === 0 || (await hasDue(db, startedAt)))) return 0;
  const now = clock.now();
  const updates: ThresholdUpdate[] = [];
  // By day, the thresholds of models that have theirs stay.
  for (const each of runs.length === 0 ? initial : ranked) {
    const own = { ...context, model: each.model, models: [each.model] };
    const first = await firstCapacities(own, each.missing, now.getTime());
    const next = await nextCapacities(db, each.model, { ...each, now });
    updates.push({ ...each, capacities: new Map([...first, ...next]), inputsHash });
  }
  const { moved, lines } = await saveAndMarkDue(context, updates);
  for (const line of lines) log.info({}, line);
  // An update before all work of a run was scored does not complete its step: the run gets another
  // one.
  for (const { id } of runs) {
    await completeStepOnce(db, id, { step: 'thresholds-updated', detail: { moved } }, clock.now());
  }
  return moved;
}

async function runsToUpdate(context: JobContext): Promise<readonly Run[]> {
  const runs: Run[] = [];
  for (const run of await activeRuns(context.db)) {
    if ((await remainingWork(context, run)) === 'to-update-thresholds') runs.push(run);
  }
  return runs;
}

interface Moving {
  readonly model: ScoredModel;
  readonly basis: Basis;
  readonly bands: readonly CompiledBand[];
  readonly stored: ReadonlyMap<string, StoredThreshold>;
  /** The bands without a threshold. */
  readonly missing: readonly CompiledBand[];
}

/** @returns null for a model whose bands have fixed points */
async function movingOf({ db }: JobContext, model: ScoredModel): Promise<Moving | null> {
  const { basis } = model.compiled.status;
  const bands = movingBands(model.compiled.status);
  if (basis === 'matrix' || bands.length === 0) return null;
  const stored = new Map((await thresholdsOf(db, model.hash)).map((each) => [each.band, each]));
  return { model, basis, bands, stored, missing: bands.filter(({ id }) => !stored.has(id)) };
}

interface ThresholdUpdate extends Moving {
  /** Of the bands with a capacity; a band without one keeps its threshold. */
  readonly capacities: ReadonlyMap<string, CapacityResult>;
  readonly inputsHash: string;
}

interface Saved {
  /** Leads that are due again. */
  readonly moved: number;
  /** What the log says of the capacities. */
  readonly lines: readonly string[];
}

function saveAndMarkDue({ db, clock }: JobContext, updates: readonly ThresholdUpdate[]): Promise<Saved> {
  const now = clock.now();
  return db.transaction().execute(async (tx) => {
    // Otherwise another worker could save a result of the former thresholds after this update.
    await lockScoring(tx);
    let moved = 0;
    const lines: string[] = [];
    for (const update of updates) {
      moved += await updateModel(tx, update, now);
      const { hash, compiled } = update.model;
      lines.push(...capacityLines(compiled.status.bands, await thresholdsOf(tx, hash)));
    }
    return { moved, lines };
  });
}

async function updateModel(
  tx: Transaction<Tables>,
  { model, basis, bands, stored, capacities, inputsHash }: ThresholdUpdate,
  now: Date,
): Promise<number> {
  const score = { basis, model: model.key };
  const counts = bands.some(({ top }) => top !== null) ? await countByScore(tx, score, inputsHash) : [];
  const thresholds: ComputedThreshold[] = [];
  let moved = 0;
  for (const band of bands) {
    const before = stored.get(band.id);
    const computed = band.top === null ? capacities.get(band.id) : ofBestShare(band, counts);
    // Too little history for a capacity: the threshold stays.
    if (computed === undefined) continue;
    thresholds.push({ ...computed, band: band.id, computed_at: now });
    const change = changeOf(band, model.compiled.status.bands, before, computed.points);
    if (change !== null) moved += await markDueByThreshold(tx, score, change, now);
  }
  await saveThresholds(tx, model.hash, thresholds);
  return moved;
}

/** Which leads must be scored again; null: none, as a lead in a band with a capacity keeps its threshold. */
function changeOf(
  band: CompiledBand,
  allBands: readonly CompiledBand[],
  before: StoredThreshold | undefined,
  points: number,
): ThresholdChange | null {
  const inside = allBands.slice(0, allBands.indexOf(band) + 1).map(({ id }) => id);
  const change = { to: points, inside, hysteresis: band.hysteresis };
  if (before === undefined) return { ...change, from: null, cause: FIRST };
  const from = Math.max(before.points, band.points);
  return from === points || band.capacity !== null ? null : { ...change, from, cause: MOVED };
}

/** The score that the best share of all leads reaches, but at least the floor of the band. */
function ofBestShare({ top, points }: CompiledBand, counts: readonly ScoreCount[]): CapacityResult {
  const leads = counts.reduce((sum, count) => sum + count.leads, 0);
  const best = scoreOfBestShare(counts, top ?? 100);
  return { points: Math.max(best ?? points, points), leads, per_week: null };
}
