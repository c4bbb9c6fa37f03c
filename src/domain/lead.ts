// The lead that is scored: canonical fields and dated activities. Types and schemas only. A mapping
// says where the values come from, a model says how many points they give.
import { z } from 'zod';

const scalarSchema = z.union([z.string(), z.number(), z.boolean()]);

/** The value of a field or attribute. `null`, a blank string and an empty list mean unknown. */
export const fieldValueSchema = z.union([scalarSchema, z.null(), z.array(z.union([scalarSchema, z.null()]))]);
export type FieldValue = z.infer<typeof fieldValueSchema>;

/**
 * Values by canonical name, e.g. `contact.job_title`. Absent = unknown. The set of names is open;
 * canonical.ts has the defaults.
 */
export type Fields = Readonly<Record<string, FieldValue>>;

/**
 * The value of a field whose property the CRM does not have or show any more. Every condition about it is unknown,
 * `present` included: an empty list of its own, told apart by identity.
 */
export const UNREADABLE: FieldValue = [];

/**
 * Whether a condition has a lead in its scope. `undecided`: it hangs on a field that the CRM does not show any more, and the
 * lead is where it was before.
 */
export type Membership = 'in' | 'out' | 'undecided';

/** One dated action of the lead. `at` is epoch milliseconds. */
export interface Activity {
  readonly id: string;
  readonly type: string;
  readonly at: number;
  readonly attributes: Fields;
  /** The name of the CRM that the activity comes from. Set only for a person in several CRMs. */
  readonly origin?: string;
}

/**
 * Input of one scoring (scoring-spec section 1). `unobserved`: activity types unavailable in the
 * CRM.
 */
export interface Lead {
  readonly id: string;
  readonly fields: Fields;
  /** In any order, with unique ids (unique-activities.ts). */
  readonly activities: readonly Activity[];
  readonly unobserved: readonly string[];
  /**
   * By field, the name of the CRM that its value comes from. Set only for a person in several CRMs.
   */
  readonly origins?: Readonly<Record<string, string>>;
}

/**
 * What scoring needs of a lead as long as its fields and activities stay the same, in place of both: which conditions
 * are met, and the instants that can still count. src/scoring/lead-state.ts makes it, for one model. Indexes are those
 * of the compiled model.
 */
export interface LeadState {
  /** The id of the lead. */
  readonly id: string;
  /** By fit criterion, the index of its line: one for each case, then unmatched, then unknown. */
  readonly fit: readonly number[];
  /** By slot of the ledger, instants in epoch milliseconds, the earliest first. */
  readonly instants: readonly (readonly number[])[];
  /** By state signal: 0 = matched, 1 = unmatched, 2 = unknown. */
  readonly states?: readonly number[];
  /** `contact.created_at` in epoch milliseconds. */
  readonly created?: number;
  /** The matching overrides of the grade. */
  readonly overrides?: readonly number[];
  /** The gates in force. */
  readonly gates?: readonly number[];
  /** The signals whose activity type is unobserved. */
  readonly hidden?: readonly number[];
  /** The unknown fields of unknown criteria; only of a lead without a grade. */
  readonly unknown?: readonly string[];
  /** Only of a person in several CRMs: the names of the CRMs that each reason comes from. */
  readonly origins?: StateOrigins;
}

/** Of several models, one each in their order; null = the model does not score the lead. */
export type LeadStates = LeadState | readonly (LeadState | null)[];

export interface StateOrigins {
  /** By fit criterion. */
  readonly fit: readonly (readonly string[])[];
  /** By signal: of the fields of a state signal. */
  readonly states: readonly (readonly string[])[];
  /** By signal: of its activities, the latest first. */
  readonly activities: readonly (readonly OriginAt[])[];
}

/** An activity: its instant, and the name of its CRM; null = unknown. */
export type OriginAt = readonly [at: number, origin: string | null];
