// Which model a job scores with: the one that is applied when the job begins. A service therefore follows
// `leadgrade apply` without a restart, and several services score with one model whatever files they have.
import type { Kysely } from 'kysely';
import { formatProblem } from '../src/domain/problem.ts';
import { compileModel } from '../src/scoring/compile/compile.ts';
import { readModel } from '../src/scoring/schemas/model.ts';
import { lastApplied, liveModel, modelText } from '../src/store/models/applied.ts';
import { applyModels } from '../src/store/models/apply-models.ts';
import type { AppliedModel } from '../src/store/tables/leads.ts';
import type { Tables } from '../src/store/tables/tables.ts';
import type { ActiveModel, JobContext } from './context.ts';

/** A stored model of another version of Leadgrade. The message says how to go on. */
export class UnreadableModelError extends Error {
  override readonly name = 'UnreadableModelError';
}

/** By hash: a process meets few models. */
const compiled = new Map<string, ActiveModel>();

/**
 * The model that is applied; null = none was yet.
 * @throws UnreadableModelError
 */
export async function appliedModel(db: Kysely<Tables>): Promise<ActiveModel | null> {
  const live = liveModel(await lastApplied(db));
  return live === null ? null : compileStored(db, live);
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

/** Where no model was applied yet, applies that of the context: the file. @returns whether it did */
export async function applyFirstModel({ db, model, clock, log }: JobContext): Promise<boolean> {
  if ((await lastApplied(db)) !== null) return false;
  const { hash, text } = model;
  const name = model.compiled.id;
  const first = { applied_by: null, cause: 'first start', plan_hash: null, replaces: null } as const;
  const models = [{ hash, name, role: 'live', text }] as const;
  const isFirst = await applyModels(db, { ...first, models }, clock.now());
  if (isFirst) log.info({ model: name, hash: hash.slice(0, 8) }, 'no model was applied yet; the model file is applied');
  return isFirst;
}

/** The hash of the model of the last job, by database: a test opens several in its process. */
const lastUsed = new WeakMap<JobContext['db'], string>();

/**
 * The context with the model that is applied now. The first job of an installation applies the model of the context.
 * @throws UnreadableModelError
 */
export async function withAppliedModel(context: JobContext): Promise<JobContext> {
  const { db, log } = context;
  const model = (await appliedModel(db)) ?? (await firstModel(context));
  const before = lastUsed.get(db) ?? context.model.hash;
  lastUsed.set(db, model.hash);
  if (before !== model.hash) {
    const names = { model: model.compiled.id, hash: model.hash.slice(0, 8), before: before.slice(0, 8) };
    log.info(names, 'another model was applied; leads are scored with it from now on');
  }
  return model.hash === context.model.hash ? context : { ...context, model };
}

async function firstModel(context: JobContext): Promise<ActiveModel> {
  await applyFirstModel(context);
  // Another process may have applied its file first.
  return (await appliedModel(context.db)) ?? context.model;
}
