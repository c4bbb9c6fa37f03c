// The schema of a file that lists several models. The format is a public interface
// (docs/several-models.md); model-set.ts reads files.
import { z } from 'zod';
import { conditionSchema } from '../schemas/condition-schema.ts';

/** Short enough for a field of Salesforce, whose names have 40 characters: Leadgrade_<name>_Behavior_Score. */
const MAX_NAME = 15;

const nameSchema = z
  .string()
  .max(MAX_NAME, `must have at most ${MAX_NAME} characters, as it is part of the names of fields in the CRM`)
  .regex(
    /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/,
    'must begin with a lower-case letter, then have lower-case letters, digits and single underscores: new_business',
  );

const entrySchema = z.strictObject({
  name: nameSchema.describe('A short name that stays: part of the names of its fields in the CRM.'),
  file: z.string().min(1).describe('The model file, relative to this file.'),
  role: z
    .enum(['live', 'shadow'])
    .optional()
    .describe('live (default) writes to the CRM. shadow keeps its results, and writes nothing.'),
  where: conditionSchema
    .optional()
    .describe('The leads that the model scores; an unknown value does not match. Default: all.'),
});

export const modelSetSchema = z.strictObject({
  models: z
    .array(entrySchema)
    .min(1)
    .max(10)
    .describe('The models. The first live one has the fields of a single model; the others have their name in theirs.'),
});
export type ModelSet = z.infer<typeof modelSetSchema>;
export type ModelEntry = z.infer<typeof entrySchema>;
export type ModelRole = NonNullable<ModelEntry['role']>;
