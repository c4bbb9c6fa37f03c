// The report on a sample of scored leads. Types only; sample.ts computes it, print-sample.ts prints it.

/** A number of leads, with their outcomes. */
export interface Share {
  readonly leads: number;
  /** The share of all leads of the file, 0 to 1. */
  readonly share: number;
  /** Present if the outcome of at least one lead of the file is known. */
  readonly outcome?: OutcomeShare;
}
export interface OutcomeShare {
  /** The number of leads with a known outcome. */
  readonly known: number;
  readonly reached: number;
  /** reached / known; null if no outcome is known. */
  readonly share: number | null;
}
export interface Firing {
  readonly label: string;
  readonly matched: Share;
  readonly unmatched: number;
  readonly unknown: number;
  /** The mean of the exact points over all leads of the file. */
  readonly mean_points: number;
  /** The mean over the matched leads; null if no lead matched. */
  readonly mean_points_when_matched: number | null;
}
interface CriterionReport extends Firing {
  readonly criterion: string;
  readonly cases: readonly (Share & { readonly label: string; readonly points: number })[];
}
interface SignalReport extends Firing {
  /** The id of a signal, or of a cap or limit that cut off points. */
  readonly signal: string;
}
export interface SampleReport {
  readonly model: string;
  readonly leads: number;
  readonly fit: readonly CriterionReport[];
  readonly behavior: readonly SignalReport[];
  readonly mean: { readonly fit: number; readonly behavior: number; readonly total: number };
  /** Mean coverage, and the number of leads in each quarter of the coverage range. */
  readonly coverage: { readonly mean: number; readonly quarters: readonly Share[] };
  /** Lowest first. */
  readonly grades: readonly (Share & { readonly grade: string })[];
  /** Lowest first. */
  readonly bands: readonly (Share & { readonly status: string; readonly label: string })[];
  /** Over all leads; absent if no outcome is known. */
  readonly outcome?: OutcomeShare;
}
