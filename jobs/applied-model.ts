// Which models a job scores with: those that are applied when the job begins. A service therefore follows
// `leadgrade apply` without a restart, and several services score with the same ones whatever files they have.

import type { Kysely } from 'kysely';
import { formatProblem } from '../src/domain/problem.ts';
import { modelName, shortHash } from '../src/domain/texts/model-name.ts';
import { compileModel } from '../src/scoring/compile/compile.ts';
import { conditionSchema } from '../src/scoring/schemas/condition-schema.ts';
import { readModel } from '../src/scoring/schemas/model.ts';
import { hashOfModels, lastApplied } from '../src/store/models/applied.ts';
import { applyModels } from '../src/store/models/apply-models.ts';
import { modelTexts } from '../src/store/models/models.ts';
import type { AppliedModel } from '../src/store/tables/leads.ts';
import type { Tables } from '../src/store/tables/tables.ts';
import { type ActiveModel, type JobContext, type ScoredModel, toModelWhere } from './context.ts';
import { UnreadableModelError } from './unreadable-model.ts';

/** By hash: a process meets few models. */
const compiled = new Map<string, ActiveModel>();

/**
 * The models that are applied, the first one first; null = none was yet.
 * @throws UnreadableModelError
 */
export async function appliedModels(db: Kysely<Tables>): Promise<readonly ScoredModel[] | null> {
  const applied = await lastApplied(db);
  return applied === null ? null : scoredModels(db, applied.models);
}

/** Models that were applied at some time. @throws UnreadableModelError */
export async function scoredModels(
  db: Kysely<Tables>,
  models: readonly AppliedModel[],
): Promise<readonly ScoredModel[]> {
  const scored: ScoredModel[] = [];
  for (const model of models) {
    const { key, label, role, where } = model;
    scored.push({ ...(await compileStored(db, model)), key, name: label, role, where: appliedCondition(where) });
  }
  return scored;
}

/** @param where of `AppliedModel` */
export function appliedCondition(where: string | null): ScoredModel['where'] {
  return where === null ? null : toModelWhere(conditionSchema.parse(JSON.parse(where)));
}

/** In the form that is stored. */
export function toAppliedModel({ hash, text, compiled: { id }, key, name, role, where }: ScoredModel) {
  const condition = where === null ? null : JSON.stringify(where.condition);
  return { hash, text, name: id, key, label: name, role, where: condition };
}

async function compileStored(db: Kysely<Tables>, { hash, name }: AppliedModel): Promise<ActiveModel> {
  const known = compiled.get(hash);
  if (known !== undefined) return known;
  const text = (await modelTexts(db, [hash])).get(hash) ?? null;
  const { model, problems } = text === null ? { model: null, problems: [] } : readModel(text, name);
  if (text === null || model === null) {
    const [problem] = problems;
    const reason = problem === undefined ? 'its text is not stored' : formatProblem(problem);
    throw new UnreadableModelError(
      `The model ${modelName({ name, hash })} cannot be read by this version of Leadgrade: ${reason}\n` +
        'While it is applied, no lead is scored. Correct your model file (MODEL_FILE) and run npx leadgrade apply, or use the version that applied it.',
    );
  }
  const active = { compiled: compileModel(model), hash, text };
  compiled.set(hash, active);
  return active;
}

/** Where no model was applied yet, applies those of the context: of the file. @returns whether it did */
export async function applyFirstModels({ db, models, clock, log }: JobContext): Promise<boolean> {
  if ((await lastApplied(db)) !== null) return false;
  const first = { applied_by: null, cause: 'first start', plan_hash: null, replaces: null } as const;
  const isFirst = await applyModels(db, { ...first, models: models.map(toAppliedModel) }, clock.now());
  for (const { compiled: own, hash } of isFirst ? models : []) {
    log.info({ model: own.id, hash: shortHash(hash) }, 'no model was applied yet; the model file is applied');
  }
  return isFirst;
}

interface InForce {
  /** Of `applied_models`. */
  readonly id: number;
  readonly hash: string;
  readonly models: readonly ScoredModel[];
}

/** What the last job scored with, by database: a test opens several in its process. */
const lastInForce = new WeakMap<JobContext['db'], InForce>();

/**
 * The context with the models that are applied now. The first job of an installation applies those of the context.
 * @throws UnreadableModelError
 */
export async function withAppliedModels(context: JobContext): Promise<JobContext> {
  const { db, log } = context;
  const former = lastInForce.get(db);
  const { id, hash, models } = await modelsInForce(context, former);
  if (former?.id === id) return { ...context, model: models[0] ?? context.model, models };
  lastInForce.set(db, { id, hash, models });
  const before = former?.hash ?? hashOfModels(context.models.map(toAppliedModel));
  const [model = context.model] = models;
  if (before !== hash) {
    const names = { model: model.compiled.id, hash: shortHash(hash), before: shortHash(before) };
    log.info(names, 'another model was applied; leads are scored with it from now on');
  }
  return { ...context, model, models };
}

async function modelsInForce(context: JobContext, former: InForce | undefined): Promise<InForce> {
  const { db } = context;
  let applied = await lastApplied(db);
  if (applied === null) {
    await applyFirstModels(context);
    // Another process may have applied its file first.
    applied = await lastApplied(db);
  }
  if (applied === null) throw new Error('No model is applied.');
  if (former?.id === applied.id) return former;
  return { id: applied.id, hash: hashOfModels(applied.models), models: await scoredModels(db, applied.models) };
}
