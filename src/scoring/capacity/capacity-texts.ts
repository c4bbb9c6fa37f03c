// What is said of bands with a capacity. Pure.
import { dateIn } from '../explanation/dates.ts';
import type { CompiledBand } from '../status.ts';
import { NEEDED_MS } from './capacity.ts';

/** The threshold of a band in use. */
interface KnownThreshold {
  readonly points: number;
  /** Leads that arrived in a week; null = too little history: the floor applies. */
  readonly per_week: number | null;
  /** When the points last moved, and when the model had its first ones. */
  readonly since: Date;
  readonly first: Date;
}

interface CapacityBand {
  readonly id: string;
  /** Leads per week. */
  readonly capacity: number;
  /** Its floor. */
  readonly points: number;
}

/** One line for each band with a capacity that has a threshold. */
export function capacityLines(
  bands: readonly CompiledBand[],
  thresholds: readonly (KnownThreshold & { readonly band: string })[],
): readonly string[] {
  return bands.flatMap(({ id, capacity, points }) => {
    const known = thresholds.find((each) => each.band === id);
    return capacity === null || known === undefined ? [] : [capacityLine({ id, capacity, points }, known)];
  });
}

/** `sales: from 68 points since 24 Nov 2026: 58 leads a week arrived, its capacity is 60.` */
export function capacityLine({ id, points: floor, capacity }: CapacityBand, known: KnownThreshold): string {
  const date = dateIn('UTC');
  const { points, per_week, since, first } = known;
  if (per_week === null) {
    const from = date(first.getTime() + NEEDED_MS);
    return `${id}: from ${wholeNumber(points)} points, its floor. Its capacity of ${leadsText(capacity)} a week counts from ${from} on, with two weeks of results.`;
  }
  const isFloor = points <= floor ? ', its floor,' : '';
  return `${id}: from ${wholeNumber(points)} points${isFloor} since ${date(since.getTime())}: ${leadsText(per_week)} a week arrived, its capacity is ${wholeNumber(capacity)}.`;
}

/** `58 leads`. */
export function leadsText(number: number): string {
  const text = wholeNumber(number);
  return text === '1' ? '1 lead' : `${text} leads`;
}

/** Below 10 with one decimal. */
export function wholeNumber(number: number): string {
  return String(number < 10 ? Math.round(number * 10) / 10 : Math.round(number));
}
