// The lead that is scored: canonical fields and a ledger of dated activities. Types and schemas only; where the values come
// from is the mapping's business, what they are worth is the model's.
import { z } from 'zod';

const scalarSchema = z.union([z.string(), z.number(), z.boolean()]);

/** A field's or attribute's value. `null` (and a blank string, and an empty list) means unknown. */
export const fieldValueSchema = z.union([scalarSchema, z.null(), z.array(z.union([scalarSchema, z.null()]))]);
export type FieldValue = z.infer<typeof fieldValueSchema>;

/** Values by canonical name, e.g. `contact.job_title`. Absent = unknown. An open set: see canonical.ts for the defaults. */
export type Fields = Readonly<Record<string, FieldValue>>;

/** One dated thing that the lead did. `at` is epoch milliseconds. */
export interface Activity {
  readonly id: string;
  readonly type: string;
  readonly at: number;
  readonly attributes: Fields;
  /** The name of the CRM that shows it, where that is worth saying: of a person whom several know. */
  readonly origin?: string;
}

/** Input of one scoring (scoring-spec section 1). `unobserved`: activity types that the CRM does not let us see. */
export interface Lead {
  readonly id: string;
  readonly fields: Fields;
  readonly activities: readonly Activity[];
  readonly unobserved: readonly string[];
  /** By field, the name of the CRM that its value comes from. Only of a person whom several CRMs know. */
  readonly origins?: Readonly<Record<string, string>>;
}
