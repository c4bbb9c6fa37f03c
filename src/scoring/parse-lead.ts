// Parses a lead from external JSON (a line of NDJSON): a valid Lead, or the first error with its
// path.
import { z } from 'zod';
import { type Activity, type Fields, fieldValueSchema, type Lead } from '../domain/lead.ts';
import { formatPath } from '../yaml/parse-yaml.ts';
import { parseInstant } from './instant.ts';

const idSchema = z.union([z.string(), z.number()], 'expected an id: text or a number').transform(String);
const fieldsSchema = z
  .record(z.string(), fieldValueSchema)
  .nullish()
  .transform((fields): Fields => fields ?? {});

const instantSchema = z.string('expected an RFC 3339 instant').transform((text, context) => {
  const instant = parseInstant(text);
  if (instant !== null) return instant;
  context.addIssue({
    code: 'custom',
    message: 'expected an RFC 3339 instant with an offset, as in 2026-11-01T09:30:00Z',
  });
  return z.NEVER;
});

const activitySchema: z.ZodType<Activity> = z.object({
  id: idSchema,
  type: z.string('expected text'),
  at: instantSchema,
  attributes: fieldsSchema,
});

// Unknown keys are allowed: exports contain more than is scored.
const leadSchema: z.ZodType<Lead> = z.object({
  id: idSchema,
  fields: fieldsSchema,
  activities: z
    .array(activitySchema)
    .nullish()
    .transform((activities) => activities ?? []),
  unobserved: z
    .array(z.string())
    .nullish()
    .transform((types) => types ?? []),
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
  return { error: { id: known.success ? known.data.id : null, message: messageOf(issue), path } };
}

function messageOf(issue: z.core.$ZodIssue | undefined): string {
  if (!issue) return 'not a lead';
  const isValue = issue.code === 'invalid_union' && issue.message === 'Invalid input';
  return isValue ? 'expected text, a number, true, false, null, or a list of them' : issue.message;
}
