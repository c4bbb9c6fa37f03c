// Applies the model of a product, with its plan: what `apply` and `models rollback` have in common.
import { toAppliedModel } from '../../jobs/applied-model.ts';
import { type JobContext, liveKeys } from '../../jobs/context.ts';
import { UnreadableModelError } from '../../jobs/unreadable-model.ts';
import { modelName, shortHash } from '../../src/domain/texts/model-name.ts';
import { type Plan, planText } from '../../src/review/plan/print-plan.ts';
import { currentHold } from '../../src/store/guard/holds.ts';
import { lastResult } from '../../src/store/leads/lead-lookup.ts';
import { type Applied, firstModel, hashOfModels, lastApplied } from '../../src/store/models/applied.ts';
import { applyModels } from '../../src/store/models/apply-models.ts';
import { isWorkerAlive } from '../../src/store/sync/heartbeats.ts';
import type { AppliedModel } from '../../src/store/tables/leads.ts';
import { mappedFields, modelGap } from '../model-files/model-gaps.ts';
import { makePlan } from '../plan/make-plan.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
import type { CommandIo } from '../terminal/io.ts';
import { confirm } from './confirm.ts';

export interface Application {
  readonly cause: 'apply' | 'rollback';
  readonly by: string;
  /** The file of the model; null = it is a version of the database. */
  readonly file: string | null;
  readonly json: boolean;
}

/** What is applied, and what it replaces. */
export interface Replacement {
  readonly before: Applied | null;
  readonly planHash: string | null;
}

/** @returns whether the model is applied already, which is printed */
export function isApplied(io: CommandIo, { models }: JobContext, before: Applied | null, json: boolean): boolean {
  const next = models.map(toAppliedModel);
  if (before === null || hashOfModels(before.models) !== hashOfModels(next)) return false;
  const verb = next.length === 1 ? 'is' : 'are';
  io.stdout.write(
    json ? `${JSON.stringify({ applied: false })}\n` : `Nothing to apply: ${namesOf(next)} ${verb} applied already.\n`,
  );
  return true;
}

/** Plans, prints the plan, asks unless `confirmed`, and applies. */
export async function planAndApply(
  io: CommandIo,
  context: JobContext,
  { confirmed, ...application }: Application & { readonly confirmed: boolean },
): Promise<void> {
  const before = await lastApplied(context.db);
  if (isApplied(io, context, before, application.json)) return;
  const plan = await planned(context, before, application.file);
  if (!application.json) io.stdout.write(typeof plan === 'string' ? `${plan}\n` : planText(plan));
  for (const { compiled } of context.models) {
    const gap = modelGap(compiled, mappedFields(context.crms));
    if (gap !== null) io.stderr.write(`warning: ${gap.message}. ${gap.fix}\n`);
  }
  await warnOfHold(io, context);
  if (!confirmed) await confirm(io, `\nApply ${namesOf(context.models.map(toAppliedModel))}?`);
  await applyNow(io, context, application, { before, planHash: typeof plan === 'string' ? null : plan.made_from });
}

/** The plan compares with what is scored now, which is not what the CRM shows while the guard holds it back. */
export async function warnOfHold(io: CommandIo, { db }: JobContext): Promise<void> {
  const hold = await currentHold(db);
  if (hold === null) return;
  const ends =
    'When all leads are scored with what you apply, the hold ends, unless a criterion that moved them still reads a field that the CRM does not show.';
  io.stderr.write(`warning: the guard holds all writes. ${hold.message} ${ends}\n`);
}

/** @returns why there is none, in place of the plan */
async function planned(context: JobContext, before: Applied | null, file: string | null): Promise<Plan | string> {
  if (before === null) return 'No model was applied before, so there is nothing to compare.';
  try {
    return await makePlan(context, file);
  } catch (error) {
    if (!(error instanceof UnreadableModelError)) throw error;
    return 'The applied model cannot be read by this version of Leadgrade, so there is nothing to compare.';
  }
}

/** @throws ConfigurationError if another model was applied meanwhile */
export async function applyNow(
  io: CommandIo,
  { db, clock, models, enqueue }: JobContext,
  { cause, by, json }: Application,
  { before, planHash }: Replacement,
): Promise<void> {
  const next = models.map(toAppliedModel);
  const row = { models: next, cause, applied_by: by, plan_hash: planHash, replaces: before?.id ?? null };
  if (!(await applyModels(db, row, clock.now()))) {
    throw new ConfigurationError('Another model was applied meanwhile. Plan again. Nothing was applied.');
  }
  // A lost trigger is made up at the next poll.
  await enqueue('score-leads', {});
  const former = firstModel(before);
  if (json) {
    const [first] = next;
    const model = {
      before: former === null ? null : namedOf(former),
      after: first === undefined ? null : namedOf(first),
    };
    const all = next.map(({ name, hash, label, role }) => ({ name, hash, label, role }));
    io.stdout.write(`${JSON.stringify({ applied: true, model, models: all, plan: planHash })}\n`);
    return;
  }
  const { leads } = await lastResult(db);
  const restart = restartLines(before, next);
  const scores = (await isWorkerAlive(db, clock.now()))
    ? `The running service scores all ${leads} leads with it now${restart.length === 0 ? '; it needs no restart' : ''}.`
    : `No service is running: npx leadgrade start scores all ${leads} leads with it.`;
  const inPlace = before === null ? '' : ` in place of ${namesOf(before.models)}`;
  const back = former === null ? [] : [`To go back: npx leadgrade models rollback ${shortHash(former.hash)}`];
  const lines = [`Applied ${namesOf(next)}${inPlace}. ${scores}`, ...restart, ...back];
  io.stdout.write(`${lines.join('\n')}\n`);
}

interface Named {
  readonly name: string;
  readonly hash: string;
}

function namedOf({ name, hash }: Named): Named {
  return { name, hash };
}

function namesOf(models: readonly Named[]): string {
  return models.map(modelName).join(', ');
}

/** A service reads at its start which fields the models have in the CRM. */
function restartLines(before: Applied | null, next: readonly AppliedModel[]): readonly string[] {
  const known = new Set(liveKeys(before?.models ?? []));
  const added = liveKeys(next).filter((key) => !known.has(key));
  if (added.length === 0) return [];
  return [
    `The fields of ${added.join(' and ')} are new: run npx leadgrade setup, and restart the services, which write them from then on.`,
  ];
}
