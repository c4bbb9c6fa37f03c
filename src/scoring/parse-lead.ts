// The door for leads that come from outside (a line of NDJSON): a checked Lead, or what is wrong and where.
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

// Unknown keys are let through: exports carry more than is scored.
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
  /** As printed; null when the value has no usable id. */
  readonly id: string | null;
  /** Without any value of the lead: it may be personal. */
  readonly message: string;
  /** e.g. `activities[0].at`; empty for the whole lead. */
  readonly path: string;
}

/**
 * @param value what JSON.parse gave; null is missing, ids are text or numbers, instants RFC 3339 cut to milliseconds
 * @returns the lead, or its first error; one bad activity makes the whole lead invalid
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
