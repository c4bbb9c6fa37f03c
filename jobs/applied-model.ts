// Which models a job scores with: those that are applied when the job begins. A service therefore follows
// `leadgrade apply` without a restart, and several services score with the same ones whatever files they have.
import type { Kysely } from 'kysely';
import { formatProblem } from '../src/domain/problem.ts';
import { compileModel } from '../src/scoring/compile/compile.ts';
import { conditionSchema } from '../src/scoring/schemas/condition-schema.ts';
import { readModel } from '../src/scoring/schemas/model.ts';
import { hashOfModels, lastApplied, modelText } from '../src/store/models/applied.ts';
import { applyModels } from '../src/store/models/apply-models.ts';
import type { AppliedModel } from '../src/store/tables/leads.ts';
import type { Tables } from '../src/store/tables/tables.ts';
import { type ActiveModel, type JobContext, type ScoredModel, toModelWhere } from './context.ts';

/** A stored model of another version of Leadgrade. The message says how to go on. */
export class UnreadableModelError extends Error {
  override readonly name = 'UnreadableModelError';
}

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
    const condition = where === null ? null : toModelWhere(conditionSchema.parse(JSON.parse(where)));
    scored.push({ ...(await compileStored(db, model)), key, name: label, role, where: condition });
  }
  return scored;
}

/** In the form that is stored. */
export function toAppliedModel({ hash, text, compiled: { id }, key, name, role, where }: ScoredModel) {
  const condition = where === null ? null : JSON.stringify(where.condition);
  return { hash, text, name: id, key, label: name, role, where: condition };
}

async function compileStored(db: Kysely<Tables>, { hash, name }: AppliedModel): Promise<ActiveModel> {
  const known = compiled.get(hash);
  if (known !== undefined) return known;
  const text = await modelText(db, hash);
  const { model, problems } = text === null ? { model: null, problems: [] } : readModel(text, name);
  if (text === null || model === null) {
    const [problem] = problems;
    const reason = problem === undefined ? 'its text is not stored' : formatProblem(problem);
    throw new UnreadableModelError(
      `The applied model, ${name} (${hash.slice(0, 8)}), cannot be read by this version of Leadgrade: ${reason}\n` +
        'No lead is scored. Correct your model file (MODEL_FILE) and run npx leadgrade apply, or use the version that applied it.',
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
    log.info({ model: own.id, hash: hash.slice(0, 8) }, 'no model was applied yet; the model file is applied');
  }
  return isFirst;
}

/** The hash of the models of the last job, by database: a test opens several in its process. */
const lastUsed = new WeakMap<JobContext['db'], string>();

/**
 * The context with the models that are applied now. The first job of an installation applies those of the context.
 * @throws UnreadableModelError
 */
export async function withAppliedModels(context: JobContext): Promise<JobContext> {
  const { db, log } = context;
  const models = (await appliedModels(db)) ?? (await firstModels(context));
  const [model = context.model] = models;
  const own = hashOfModels(context.models.map(toAppliedModel));
  const hash = hashOfModels(models.map(toAppliedModel));
  const before = lastUsed.get(db) ?? own;
  lastUsed.set(db, hash);
  if (before !== hash) {
    const names = { model: model.compiled.id, hash: hash.slice(0, 8), before: before.slice(0, 8) };
    log.info(names, 'another model was applied; leads are scored with it from now on');
  }
  return hash === own ? context : { ...context, model, models };
}

async function firstModels(context: JobContext): Promise<readonly ScoredModel[]> {
  await applyFirstModels(context);
  // Another process may have applied its file first.
  return (await appliedModels(context.db)) ?? context.models;
}
