// The file of a plan (`npx leadgrade plan --json > plan.json`), as `apply` reads it.
import { z } from 'zod';
import { formatProblem } from '../../src/domain/problem.ts';
import { hashOfSources, type PlanSources } from '../../src/review/plan/plan-sources.ts';
import { readText } from '../model-files/read-text.ts';
import { ConfigurationError } from '../product/configuration-error.ts';

const sourcesSchema = z.object({
  file: z.string().nullable(),
  model: z.string(),
  applied: z.string(),
  mappings: z.record(z.string(), z.string()),
  people: z.string(),
  titles: z.string(),
  timezone: z.string(),
  leads: z.number(),
  newest_result: z.number(),
}) satisfies z.ZodType<PlanSources>;

const planSchema = z.object({ made_from: z.string(), sources: sourcesSchema });

export interface PlanFile {
  readonly path: string;
  readonly hash: string;
  readonly sources: PlanSources;
}

/** @throws ConfigurationError for a file that cannot be read, is not a valid plan, or was edited */
export async function readPlanFile(path: string): Promise<PlanFile> {
  const text = await readText(path);
  if (typeof text !== 'string') throw new ConfigurationError(`${formatProblem(text)}\n${MAKE_ONE}`);
  const parsed = planSchema.safeParse(jsonOf(text));
  if (!parsed.success) throw new ConfigurationError(`${path} is not a plan. ${MAKE_ONE}`);
  const { made_from: hash, sources } = parsed.data;
  if (hashOfSources(sources) !== hash) {
    throw new ConfigurationError(`${path} was changed after it was made: its hash does not fit. ${MAKE_ONE}`);
  }
  return { path, hash, sources };
}

/** Of every message about a plan that cannot be applied. */
export const MAKE_ONE = 'Make a new one: npx leadgrade plan --json > plan.json. Nothing was applied.';

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
