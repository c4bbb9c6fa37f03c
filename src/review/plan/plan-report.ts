// What a plan says. Types only; plan.ts computes it, print-plan.ts prints it.
import type { Grade } from '../../domain/score-result.ts';

/** Where a lead stands with one model. */
export interface Standing {
  readonly status: string;
  readonly grade: Grade;
  readonly total: number;
  /** Whole points by signal, with the text of the line. */
  readonly points: ReadonlyMap<string, { readonly label: string; readonly points: number }>;
  /** Texts of the gates that hold the lead lower. */
  readonly gates: readonly string[];
}

/** Null: not scored. */
export interface PlannedLead {
  /** `hubspot:123`, the first of its records. */
  readonly lead: string;
  readonly before: Standing | null;
  readonly after: Standing | null;
}

/** The status of a lead with a won deal when the deal was won; null = it was not scored. */
export interface WonDeal {
  /** `hubspot:123`, the first of its records. */
  readonly lead: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** A lead whose status changes. */
export interface Move {
  readonly lead: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly total_before: number | null;
  readonly total_after: number | null;
  readonly reason: string;
}

export interface MoveReason {
  readonly reason: string;
  readonly leads: number;
  /** The mean of the change in points of the line; null if no line explains the moves. */
  readonly mean_points: number | null;
}

/** Leads by `from` and `to`; null = not scored. */
export interface Transition<T> {
  readonly from: T | null;
  readonly to: T | null;
  readonly leads: number;
}

export interface PlannedBand {
  readonly id: string;
  readonly label: string;
  readonly before: number;
  readonly after: number;
  /** Leads with a deal won in the last quarter, by the band that they were in when it was won. */
  readonly won_before: number;
  readonly won_after: number;
}

export interface PlanReport {
  readonly leads: number;
  readonly moved: number;
  readonly better: number;
  readonly worse: number;
  /** Leads whose status stays and whose total or grade changes. */
  readonly rescored: number;
  readonly status: readonly Transition<string>[];
  readonly grades: readonly Transition<Grade>[];
  /** Best first; bands that only the model in use has come last. */
  readonly bands: readonly PlannedBand[];
  readonly won_deals: number;
  /** Leads with a won deal that were in a better band before, and the first of them. */
  readonly won_worse: { readonly leads: number; readonly first: readonly WonDeal[] };
  /** Most leads first. */
  readonly reasons: readonly MoveReason[];
  /** The first moves, those with the most points first. */
  readonly moves: readonly Move[];
}

export interface NamedModel {
  /** `name@version` */
  readonly name: string;
  readonly hash: string;
}

/** New leads of a band against its capacity. */
export interface CapacityUse {
  readonly band: string;
  readonly label: string;
  /** Leads per week that the team can take. */
  readonly capacity: number;
  /** The points from which the band begins with the planned model, and the lowest ones it may begin at. */
  readonly points: number;
  readonly floor: number;
  /** Leads that would have reached these points in a week; null = activities were read for less than two weeks. */
  readonly per_week: number | null;
}

/** What a plan says of one model. */
export interface ModelPlan extends PlanReport {
  /** The bands with a capacity, best first. */
  readonly capacity: readonly CapacityUse[];
  /** Bands that its status field in the CRM does not have as an option yet. */
  readonly new_options: readonly { readonly id: string; readonly label: string }[];
}

export interface PlannedWrites {
  readonly crm: string;
  /** Those that are scored. */
  readonly records: number;
  /** Those that would be written. */
  readonly writes: number;
  /** API calls. */
  readonly calls: number;
  /** At most, by the rate that the CRM allows every account; null = it limits calls a day only. */
  readonly seconds: number | null;
}

/** Of a model beside the first one. */
export interface OtherModelPlan extends ModelPlan {
  /** As the list of models calls it. */
  readonly label: string;
  readonly role: 'live' | 'shadow';
  /** Null: a new model. */
  readonly before: NamedModel | null;
  readonly after: NamedModel;
  /** It writes fields that it did not write before. */
  readonly has_new_fields: boolean;
}
