// Parses a lead from external JSON (a line of NDJSON): a valid Lead, or the first error with its
// path.
import { z } from 'zod';
import { type Activity, type Fields, fieldValueSchema, type Lead } from '../../domain/lead.ts';
import { uniqueActivities } from '../../domain/unique-activities.ts';
import { formatPath } from '../../yaml/paths.ts';
import { parseInstant } from '../time/instant.ts';
import { leadSentence } from './lead-problems.ts';

const idSchema = z.union([z.string(), z.number()]).transform((id, context) => {
  // JSON.parse has rounded it: 12345678901234567890 would be another lead.
  if (typeof id !== 'number' || Number.isSafeInteger(id)) return String(id);
  if (!Number.isInteger(id)) return String(id);
  context.addIssue({
    code: 'custom',
    message: 'has more digits than a number can hold. Write the id as text, in quotes.',
  });
  return z.NEVER;
});
const fieldsSchema = z
  .record(z.string(), fieldValueSchema)
  .nullish()
  .transform((fields): Fields => fields ?? {});

// No CRM, form or site is older; a later year is a mistake of the program that wrote the line.
const FIRST_YEAR = Date.UTC(1990, 0);
const END = Date.UTC(2101, 0);

const instantSchema = z.string().transform((text, context) => {
  const instant = parseInstant(text);
  if (instant !== null && instant >= FIRST_YEAR && instant < END) return instant;
  const message = instant === null ? `${whyNoInstant(text)} Write it as 2026-11-01T09:30:00Z.` : OUT_OF_RANGE;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});
const OUT_OF_RANGE =
  'has a year before 1990 or after 2100, which no activity has. Correct it, or leave the activity out.';

function whyNoInstant(text: string): string {
  if (/^-?\d{9,11}$/.test(text)) return 'looks like a Unix time in seconds; RFC 3339 is read.';
  if (/^-?\d{12,19}$/.test(text)) return 'is a number; RFC 3339 is read.';
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return 'has no time and no offset.';
  if (/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?$/i.test(text))
    return 'has no offset, so that its time zone is unknown.';
  return 'is not an RFC 3339 instant, or has a day or time that does not exist.';
}

const activitySchema: z.ZodType<Activity> = z.strictObject({
  id: idSchema.describe('Text or a number. Of two activities with one id, the first counts.'),
  type: z.string().describe('The activity type that the model counts: page_view.'),
  at: instantSchema.describe('When it happened, as RFC 3339: 2026-11-01T09:30:00Z.'),
  attributes: fieldsSchema.describe('Details for the `where` of a signal: { "path": "/pricing" }.'),
});

// An unknown key is refused: a lead with "feilds" would silently have no fields.
export const leadSchema: z.ZodType<Lead> = z.strictObject({
  id: idSchema.describe('Text or a number; printed with the score.'),
  fields: fieldsSchema.describe(
    'Values by the field names of the model. A missing field, null and a blank text are unknown.',
  ),
  activities: z
    .array(activitySchema)
    .nullish()
    .transform((activities) => uniqueActivities(activities ?? []))
    .describe('What the lead did, in any order.'),
  unobserved: z
    .array(z.string())
    .nullish()
    .transform((types) => types ?? [])
    .describe('Activity types that are not observed: they count neither way.'),
});

export interface LeadError {
  /** The id in printed form; null if the value has no usable id. */
  readonly id: string | null;
  /** Contains no value of the lead, because values may be personal data. */
  readonly message: string;
  /** e.g. `activities[0].at`; empty for the whole lead. */
  readonly path: string;
}

/**
 * @param value the result of JSON.parse; null counts as missing, ids are text or numbers, instants
 *   are RFC 3339, cut to milliseconds
 * @returns the lead, or its first error; one invalid activity makes the lead invalid
 */
export function parseLead(value: unknown): { readonly lead: Lead } | { readonly error: LeadError } {
  const parsed = leadSchema.safeParse(value);
  if (parsed.success) return { lead: parsed.data };
  const issue = parsed.error.issues[0];
  const path = formatPath(issue?.path ?? []);
  const known = z.object({ id: idSchema }).safeParse(value);
  return { error: { id: known.success ? known.data.id : null, message: leadSentence(issue, value), path } };
}
