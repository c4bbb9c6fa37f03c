// The result of scoring one lead. Plain data: the store saves it, `npx leadgrade score` prints it, and
// the mapping turns it into CRM fields.

export const GRADES = ['A', 'B', 'C', 'D', 'F', 'Ungraded'] as const;
export type Grade = (typeof GRADES)[number];

export type MatchResult = 'matched' | 'unmatched' | 'unknown';
export type Dimension = 'fit' | 'behavior';

/** The points that one criterion, signal, cap or limit gave the lead. */
export interface Contribution {
  readonly dimension: Dimension;
  /** The id of the criterion or signal; `cap:<group>` or `limit:behavior` for points cut off. */
  readonly signal: string;
  readonly outcome: MatchResult;
  /** Unrounded points. */
  readonly exact: number;
  /** Displayed whole points. Within a dimension they sum exactly to the displayed score. */
  readonly points: number;
  readonly label: string;
  /**
   * Behavior only: the instant of the latest counted activity (epoch ms), and the number counted.
   */
  readonly latestAt?: number;
  readonly count?: number;
}

/** A gate that caps the lead below the band that its points reach. */
export interface ActiveGate {
  readonly id: string;
  readonly label: string;
  readonly max_band: string;
  /** Canonical fields that can lift the gate. */
  readonly lift: readonly string[];
}

/** The score of a lead at one instant. */
export interface CurrentScore {
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
  /** The id of a band. */
  readonly status: string;
  readonly cell: string | null;
  readonly contributions: readonly Contribution[];
  readonly gates: readonly ActiveGate[];
  /** The applied thresholds by band id. Present if a band uses `top` or `capacity`. */
  readonly thresholds?: Readonly<Record<string, number>>;
  /**
   * Those in force, of bands with `capacity` that hold this lead by another one. Present if there is such a band. They
   * apply to the lead once its points change.
   */
  readonly thresholdsInForce?: Readonly<Record<string, number>>;
  /** Bands whose first threshold is not computed yet. Present if there is one. */
  readonly pending?: readonly string[];
}

/**
 * The result of one scoring, without its explanation (src/scoring/explanation/explain.ts writes
 * that).
 */
export interface ScoreResult extends CurrentScore {
  /**
   * The first instant (epoch ms, a whole second) at which the result changes without new activity;
   * null = never.
   */
  readonly nextChangeAt: number | null;
}

/** Inputs of a scoring that are not part of the lead itself (scoring-spec section 1). */
export interface ScoringContext {
  readonly previousStatus?: string;
  /** In points, by band with `top` or `capacity`. */
  readonly thresholds?: Readonly<Record<string, number>>;
  /** The first ones since the model is in force; they hold a lead whose last result names none. */
  readonly firstThresholds?: Readonly<Record<string, number>>;
  /** Bands whose first threshold is not computed yet. */
  readonly pending?: readonly string[];
  /** The last result. */
  readonly earlier?: EarlierScore;
}

export interface EarlierScore {
  readonly fit: number;
  readonly behavior: number;
  /** The thresholds that were applied then; null = none, or of points that this model does not compare. */
  readonly thresholds: Readonly<Record<string, number>> | null;
  /** By another version of the model, before this one has scored the lead: it counts only if the points are the same. */
  readonly isByOtherModel?: boolean;
}
