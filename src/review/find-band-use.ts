// Bands in which no lead is, and bands in which nearly every lead is.

import { scoreOfBestShare } from '../scoring/best-share.ts';
import type { ModelProblem } from '../scoring/checks/model-checks.ts';
import { thresholdOf } from '../scoring/dead-rules/reach.ts';
import type { Model } from '../scoring/schemas/model-schema.ts';
import { isMoving } from '../scoring/status.ts';
import type { UseReport } from './model-use.ts';
import { countOf, shareOfLeads } from './use-texts.ts';

const NEARLY_ALL = 0.98;
/** In per cent, of the best band; of each worse one twice as many, counted with the better ones. */
const BEST_SHARE = 5;
const OTHER_CELLS = 'Move cells between the bands, or change behavior_levels.';
const TOO_LITTLE = 'Too little is known of the leads to tell them apart: fill fields, or map activities.';

/** A band with `top` or `capacity` follows the leads, and those below it with it: nothing is said of such a model. */
export function findBandUse({ status }: Model, use: UseReport): ModelProblem[] {
  if (status.bands.some(isMoving)) return [];
  const counts = new Map(use.sample.bands.map((share) => [share.status, share.leads]));
  const bands = status.bands.map((band, index): BandUse => {
    return { id: band.id, index, from: thresholdOf(band) ?? 0, leads: counts.get(band.id) ?? 0 };
  });
  const isByCell = status.basis === 'matrix';
  const empty = bands.slice(0, -1).filter(({ leads }) => leads === 0);
  const best = use.scores.reduce((most, { score }) => Math.max(most, score), -Infinity);
  const unreached = isByCell ? [] : empty.filter(({ from }) => from > best);
  const reached = empty.filter((band) => !unreached.includes(band));
  return [
    ...unreachedBands(unreached, best, use),
    ...reached.map((band) => emptyBand(band, isByCell, use)),
    ...crowdedBands(bands, isByCell, use),
  ];
}

interface BandUse {
  readonly id: string;
  readonly index: number;
  readonly from: number;
  readonly leads: number;
}

/** One problem for all of them: their thresholds are of another scale than the scores. */
function unreachedBands(bands: readonly BandUse[], best: number, use: UseReport): ModelProblem[] {
  const [first] = bands;
  const last = bands.at(-1);
  if (first === undefined || last === undefined) return [];
  const ids = bands.map(({ id }) => id).join(' or ');
  const message = `none of ${countOf(use.sample.leads)} leads is ${ids}: ${last.id} begins at ${last.from}, and the best lead has ${best}.`;
  return [
    { level: 'warning', path: ['status', 'bands', first.index, 'at_least'], message, fix: thresholdFix(first, use) },
  ];
}

function emptyBand({ id, index, from }: BandUse, isByCell: boolean, { sample, scores }: UseReport): ModelProblem {
  const message = `none of ${countOf(sample.leads)} leads is ${id}`;
  const path = ['status', 'bands', index];
  if (isByCell) return { level: 'warning', path, message: `${message}.`, fix: OTHER_CELLS };
  const reach = scores.reduce((sum, { score, leads }) => (score >= from ? sum + leads : sum), 0);
  const are = reach === 1 ? '1 reaches' : `${countOf(reach)} reach`;
  return {
    level: 'warning',
    path,
    message: `${message}, although ${are} ${from} points: they are in better bands, or requires and gates hold them.`,
    fix: 'Relax requires and gates, or remove the band.',
  };
}

function crowdedBands(bands: readonly BandUse[], isByCell: boolean, use: UseReport): ModelProblem[] {
  const { leads } = use.sample;
  const crowded = bands.find((band) => band.leads >= NEARLY_ALL * leads);
  if (crowded === undefined || bands.length === 1) return [];
  const message = `${shareOfLeads(crowded.leads, leads)} are ${crowded.id}, so the status hardly tells them apart.`;
  const target = bands[Math.max(0, crowded.index - 1)] ?? crowded;
  const fix = isByCell ? OTHER_CELLS : thresholdFix(target, use);
  return [{ level: 'warning', path: ['status', 'bands', crowded.index], message, fix }];
}

/** The points with which the band and the better ones have as many leads as a sales team wants. */
function thresholdFix({ id, index }: BandUse, { scores }: UseReport): string {
  const share = Math.min(50, BEST_SHARE * 2 ** index);
  const points = scoreOfBestShare(scores, share) ?? 0;
  if (scores.every(({ score }) => score >= points)) return TOO_LITTLE;
  return `Write at_least: ${points} at ${id}, which the best ${share} % reach.`;
}
