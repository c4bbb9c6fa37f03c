// The points that a lead had in a window with a model, from its activities. Its fields are those of today. Pure.
import type { Lead } from '../../domain/lead.ts';
import type { CompiledModel } from '../compile/compile.ts';
import { createdAtOf } from '../ledger.ts';
import { scoreLeadOnly } from '../score-lead.ts';
import { basisValue } from '../status.ts';
import type { PointsPath } from './arrivals.ts';

const DAY_MS = 86_400_000;

/** Points before the first and after the last activity of each day of UTC, and those of the window's ends. */
export function pointsPath(lead: Lead, model: CompiledModel, from: number, to: number): PointsPath {
  const pointsAt = (at: number) => {
    const { fit, behavior } = scoreLeadOnly(lead, model, at);
    return basisValue(model.status, { fit: fit.score, behavior: behavior.score });
  };
  const createdAt = createdAtOf(lead.fields);
  const isNew = createdAt !== null && createdAt >= from;
  const begin = isNew ? createdAt : from;
  const instants = lead.activities.flatMap(({ at }) => (at > begin && at <= to ? [at] : [])).toSorted((a, b) => a - b);
  const days = Map.groupBy(instants, (at) => Math.floor(at / DAY_MS));
  const around = [...days.values()].flatMap((ofDay) => [(ofDay[0] ?? to) - 1, ofDay.at(-1) ?? to]);
  const all = [...(isNew ? [begin] : []), ...around.filter((at) => at > begin), to];
  return { start: isNew ? null : pointsAt(from), steps: all.map((at) => ({ at, points: pointsAt(at) })) };
}
