// Makes the plan of a model: what it would do to all stored leads, beside the applied model.
import { appliedModels, toAppliedModel } from '../../jobs/applied-model.ts';
import type { ActiveModel, JobContext } from '../../jobs/context.ts';
import { addModels, knownModels } from '../../jobs/score/earlier-models.ts';
import { scoringInputs } from '../../jobs/score/scoring-inputs.ts';
import { sha256Hex } from '../../src/domain/texts/sha256-hex.ts';
import { modelsDifferences } from '../../src/review/plan/models-differences.ts';
import { tallyPlan } from '../../src/review/plan/plan.ts';
import { hashOfSources, type PlanSources } from '../../src/review/plan/plan-sources.ts';
import type { Plan } from '../../src/review/plan/print-plan.ts';
import { lastResult } from '../../src/store/leads/lead-lookup.ts';
import { hashOfModels } from '../../src/store/models/applied.ts';
import { storedModels } from '../../src/store/models/models.ts';
import { currentInputs } from '../../src/store/models/scoring-config.ts';
import { allStreams } from '../../src/store/sync/streams.ts';
import { toListedModels } from '../model-files/versions/listed-models.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
import { plannedThresholds } from './planned-thresholds.ts';
import { instantOf, scoreAllLeads } from './score-all-leads.ts';

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
  onChange: Parameters<typeof scoreAllLeads>[2] = async () => {},
): Promise<Plan> {
  const { model, db } = context;
  const applied = await appliedModels(db);
  const live = applied?.[0];
  if (applied === null || live === undefined) {
    throw new ConfigurationError(
      'No lead was scored yet. Run "npx leadgrade backfill" first; with --dry-run it writes nothing, and keeps nothing for a plan.',
    );
  }
  const sources = await sourcesOf(context, hashOfModels(applied.map(toAppliedModel)), file);
  const bands = { before: live.compiled.bands, after: model.compiled.bands };
  const tally = tallyPlan(bands);
  addModels(await storedModels(db));
  const { points: thresholds, capacity, firsts } = await plannedThresholds(context, instantOf(context));
  const input = { context, live, applied, texts: knownModels, thresholds, firsts };
  const { writes, due, failed } = await scoreAllLeads(input, tally, onChange);
  const known = new Set(bands.before.map(({ id }) => id));
  return {
    as_of: new Date(instantOf(context)).toISOString(),
    model: { before: named(live), after: named(model) },
    changes: modelsDifferences(toListedModels(applied), toListedModels(context.models)),
    ...tally.report(),
    ...{ capacity, writes, due, failed },
    new_options: bands.after.filter(({ id }) => !known.has(id)).map(({ id, label }) => ({ id, label })),
    other_inputs: await hasOtherInputs({ ...context, model: live, models: applied, asOf: null }),
    reads_anew: await changedMappings(context),
    made_from: hashOfSources(sources),
    sources,
  };
}

function named({ compiled, hash }: ActiveModel): Plan['model']['before'] {
  return { name: compiled.id, hash };
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

/** @param context with the applied model */
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
