// What scoring one lead gives. Plain data: it is stored, printed by `leadgrade score`, and turned into CRM fields.

export const GRADES = ['A', 'B', 'C', 'D', 'F', 'Ungraded'] as const;
export type Grade = (typeof GRADES)[number];

export type MatchResult = 'matched' | 'unmatched' | 'unknown';
export type Dimension = 'fit' | 'behavior';

/** What one criterion, signal, cap or limit gave this lead. */
export interface Contribution {
  readonly dimension: Dimension;
  /** The criterion's or signal's id; `cap:<group>` or `limit:behavior` for what was cut off. */
  readonly signal: string;
  readonly outcome: MatchResult;
  /** Unrounded points. */
  readonly exact: number;
  /** Whole points as displayed; within a dimension they sum exactly to the displayed score. */
  readonly points: number;
  readonly label: string;
  /** Behavior only: when the latest activity that counts happened (epoch ms), and how many count. */
  readonly latestAt?: number;
  readonly count?: number;
}

/** A gate that holds the lead below the band it would be in. */
export interface GateInForce {
  readonly id: string;
  readonly label: string;
  readonly max_band: string;
  /** Canonical fields that would lift it. */
  readonly lift: readonly string[];
}

/** The result of one scoring, without its wording (src/scoring/explanation/explain.ts makes that, only where somebody will read it). */
export interface ScoreResult {
  readonly id: string;
  /** `name@version` of the model. */
  readonly model: string;
  /** Epoch milliseconds. */
  readonly asOf: number;
  readonly grade: Grade;
  readonly coverage: number;
  readonly fit: { readonly raw: number; readonly attainable: number; readonly score: number };
  readonly behavior: { readonly exact: number; readonly score: number };
  readonly total: number;
  /** A band's id. */
  readonly status: string;
  readonly cell: string | null;
  /** First instant (epoch ms, a whole second) at which the result changes without new activity; null = never. */
  readonly nextChangeAt: number | null;
  readonly contributions: readonly Contribution[];
  readonly gates: readonly GateInForce[];
  /** Threshold values applied, when a band has `top`. */
  readonly thresholds?: Readonly<Record<string, number>>;
}

/** What one lead cannot know of itself (scoring-spec section 1). */
export interface ScoringContext {
  readonly previousStatus?: string;
  readonly thresholds?: Readonly<Record<string, number>>;
}
