// Whether the bands with a capacity follow the arrivals, and where they began before.
import type { JobContext, ScoredModel } from '../../jobs/context.ts';
import { movingBands } from '../../jobs/score/thresholds/moving-bands.ts';
import { capacityLine, wholeNumber } from '../../src/scoring/capacity/capacity-texts.ts';
import { dateIn } from '../../src/scoring/explanation/dates.ts';
import { type PastThreshold, thresholdHistory, thresholdsOf } from '../../src/store/leads/band-thresholds.ts';
import type { Finding } from './finding.ts';

/** Earlier thresholds that are printed. */
const MAX_EARLIER = 5;

export async function capacityFindings({ db, models }: JobContext): Promise<readonly Finding[]> {
  const found = await Promise.all(
    models.map((model) => findingsOf(db, model, models.length === 1 ? '' : ` of ${model.name}`)),
  );
  return found.flat();
}

async function findingsOf(db: JobContext['db'], model: ScoredModel, ofModel: string): Promise<readonly Finding[]> {
  const bands = movingBands(model.compiled.status).filter(({ capacity }) => capacity !== null);
  if (bands.length === 0) return [];
  const stored = await thresholdsOf(db, model.hash);
  const history = await thresholdHistory(db, model.hash);
  return bands.map(({ id, capacity, points }): Finding => {
    const about = { part: 'leadgrade', what: `capacity of ${id}${ofModel}`, level: 'ok' as const };
    const known = stored.find(({ band }) => band === id);
    if (known === undefined) return { ...about, detail: 'its points are computed when all leads were scored' };
    const line = capacityLine({ id, capacity: capacity ?? 0, points }, known);
    return { ...about, detail: `${line}${earlierText(history.filter(({ band }) => band === id).slice(1))}` };
  });
}

function earlierText(earlier: readonly PastThreshold[]): string {
  if (earlier.length === 0) return '';
  const shown = earlier.slice(0, MAX_EARLIER);
  const parts = shown.map(({ points, since }) => `${wholeNumber(points)} from ${dateIn('UTC')(since.getTime())}`);
  return ` Before: ${parts.join(', ')}${earlier.length > shown.length ? ' ...' : ''}.`;
}
