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
