// Makes the plan of a model: what it would do to all stored leads, beside the applied model.
import { appliedModels, toAppliedModel } from '../../jobs/applied-model.ts';
import type { JobContext, ScoredModel } from '../../jobs/context.ts';
import { addModels, knownModels } from '../../jobs/score/earlier-models.ts';
import { scoringInputs } from '../../jobs/score/scoring-inputs.ts';
import { sha256Hex } from '../../src/domain/texts/sha256-hex.ts';
import { modelsDifferences } from '../../src/review/plan/models-differences.ts';
import { hashOfSources, type PlanSources } from '../../src/review/plan/plan-sources.ts';
import type { Plan } from '../../src/review/plan/print-plan.ts';
import { lastResult } from '../../src/store/leads/lead-lookup.ts';
import { hashOfModels } from '../../src/store/models/applied.ts';
import { storedModels } from '../../src/store/models/models.ts';
import { currentInputs } from '../../src/store/models/scoring-config.ts';
import { allStreams } from '../../src/store/sync/streams.ts';
import { toListedModels } from '../model-files/versions/listed-models.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
import { modelPlan, named, otherModelPlan, plannedModels } from './planned-models.ts';
import { instantOf, type OnChange, scoreAllLeads } from './score-all-leads.ts';
import { whereWarnings } from './where-warnings.ts';

/**
 * The plan of the model of the context.
 * @param file its file; null = it is a version of the database
 * @param onChange called for each lead whose status, grade or total changes
 * @throws ConfigurationError if no model was applied yet
 * @throws UnreadableModelError for the applied one
 */
export async function makePlan(
  context: JobContext,
  file: string | null,
  onChange: OnChange = async () => {},
): Promise<Plan> {
  const { db } = context;
  const [live, ...others] = (await appliedModels(db)) ?? [];
  if (live === undefined) {
    throw new ConfigurationError(
      'No lead was scored yet. Run "npx leadgrade backfill" first; with --dry-run it writes nothing, and keeps nothing for a plan.',
    );
  }
  const applied = [live, ...others] as const;
  const sources = await sourcesOf(context, hashOfModels(applied.map(toAppliedModel)), file);
  addModels(await storedModels(db));
  const [first, ...beside] = await plannedModels(context, applied, instantOf(context));
  if (first === undefined) throw new Error('A product has a model.');
  const input = { context, applied, planned: [first, ...beside], earlierModels: knownModels };
  const { writes, due, failed, ...counts } = await scoreAllLeads(input, onChange);
  return {
    as_of: new Date(instantOf(context)).toISOString(),
    model: { before: named(live), after: named(context.model) },
    changes: modelsDifferences(toListedModels(applied), toListedModels(context.models)),
    ...modelPlan(first),
    other_models: beside.map(otherModelPlan),
    ...{ writes, due, failed },
    warnings: whereWarnings([first, ...beside], counts),
    other_inputs: await hasOtherInputs({
      ...context,
      model: live,
      models: applied,
      crms: crmsOf(context, applied),
      asOf: null,
    }),
    reads_anew: await changedMappings(context),
    made_from: hashOfSources(sources),
    sources,
  };
}

/** @param applied hash of the applied models */
export async function sourcesOf(context: JobContext, applied: string, file: string | null): Promise<PlanSources> {
  const { crms, people, titles, timezone, models, db } = context;
  const mappings = [...crms].map(([crm, { mappingHash, scopeHash }]) => [crm, sha256Hex(mappingHash + scopeHash)]);
  return {
    ...{ file, model: hashOfModels(models.map(toAppliedModel)), applied },
    mappings: Object.fromEntries(mappings),
    people: sha256Hex(JSON.stringify(people)),
    titles: titles.hash,
    timezone,
    ...(await lastResult(db)),
  };
}

/** The CRMs as they are with the applied models: fields of a planned one are part of the change. */
function crmsOf({ crms }: JobContext, applied: readonly ScoredModel[]): JobContext['crms'] {
  return new Map([...crms].map(([id, crm]) => [id, { ...crm, scopeHash: crm.scopeHashOf(applied) }]));
}

/** @param context with the applied models */
async function hasOtherInputs(context: JobContext): Promise<boolean> {
  const current = await currentInputs(context.db);
  return current !== null && current !== (await scoringInputs(context)).hash;
}

/** CRMs whose mapping reads other values than those that are stored. */
async function changedMappings({ db, crms }: JobContext): Promise<readonly string[]> {
  const streams = await allStreams(db);
  return [...crms].flatMap(([crm, { mappingHash }]) => {
    const own = streams.filter((stream) => stream.crm === crm && stream.mappingHash !== null);
    return own.some((stream) => stream.mappingHash !== mappingHash) ? [crm] : [];
  });
}
