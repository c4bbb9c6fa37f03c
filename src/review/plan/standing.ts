import type { CurrentScore } from '../../domain/score-result.ts';
import type { Standing } from './plan-report.ts';

type Shown = Pick<CurrentScore, 'status' | 'grade' | 'total' | 'contributions' | 'gates'>;

export function toStanding({ status, grade, total, contributions, gates }: Shown): Standing {
  const points = new Map(contributions.map(({ signal, label, points: each }) => [signal, { label, points: each }]));
  return { status, grade, total, points, gates: gates.map(({ label }) => label) };
}
