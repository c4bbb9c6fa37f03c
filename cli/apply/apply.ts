// `npx leadgrade apply`: from here on, leads are scored with the model file. Without a plan it plans and asks; with the
// file of a plan it applies what that plan shows, and nothing else.
import type { JobContext } from '../../jobs/context.ts';
import { formatProblems } from '../../src/domain/problem.ts';
import { driftOf, staleParts } from '../../src/review/plan/plan-sources.ts';
import { countResultsAfter, lastResult } from '../../src/store/leads/lead-lookup.ts';
import { hashOfModels, lastApplied } from '../../src/store/models/applied.ts';
import { judgeModelFile } from '../model-files/validate.ts';
import { findModelChange } from '../model-files/versions/model-changes.ts';
import { sourcesOf } from '../plan/make-plan.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
import { modelFile } from '../product/files/load-model.ts';
import { loadModels } from '../product/files/load-models.ts';
import { shippedFile } from '../product/files/shipped-file.ts';
import { reportFailures } from '../product/report-failures.ts';
import { withProduct } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';
import { type Application, applyNow, isApplied, planAndApply, warnOfHold } from './apply-model.ts';
import { authorOf, requireTerminal } from './confirm.ts';
import { MAKE_ONE, type PlanFile, readPlanFile } from './plan-file.ts';

export interface ApplyOptions {
  readonly model?: string;
  /** The name of a shadow model of the list that is to be live. */
  readonly promote?: string;
  readonly by?: string;
  readonly yes: boolean;
  readonly json: boolean;
}

/** @param path the file of a plan; absent: plan now */
export function apply(io: CommandIo, path: string | undefined, options: ApplyOptions): Promise<void> {
  return reportFailures(io, async () => {
    const plan = path === undefined ? null : await readPlanFile(path);
    const file = plan?.sources.file ?? modelFile(io.env, options.model);
    if (plan === null && !options.yes) requireTerminal(io, 'leadgrade apply');
    await refuseInvalid(file);
    const application = { cause: 'apply', by: authorOf(options.by), file, json: options.json } as const;
    const models = await loadModels(shippedFile(file), { promote: options.promote });
    await withProduct(io, { models, logErrorsOnly: true }, async ({ context }) => {
      await warnOfVersions(io, context);
      await (plan === null
        ? planAndApply(io, context, { ...application, confirmed: options.yes })
        : applyPlan(io, context, application, plan));
    });
    if (options.promote !== undefined && !options.json) {
      io.stderr.write(
        `Write role: live for ${options.promote} in ${shippedFile(file)}: the next apply takes its role from there.\n`,
      );
    }
  });
}

/** As `validate` judges the models with the mappings of the folder. @throws ConfigurationError for an invalid one */
async function refuseInvalid(model: string): Promise<void> {
  const errors = (await judgeModelFile(shippedFile(model))).filter(({ level }) => level === 'error');
  if (errors.length > 0) {
    throw new ConfigurationError([...formatProblems(errors), 'Not valid. Nothing was applied.'].join('\n'));
  }
}

async function warnOfVersions(io: CommandIo, { db, models }: JobContext): Promise<void> {
  for (const { compiled, hash } of models) {
    const change = await findModelChange(db, compiled.id, hash);
    if (change !== null) io.stderr.write(`warning: ${change.message} ${change.fix}\n`);
  }
}

/** @throws ConfigurationError for a plan that was made from something else */
async function applyPlan(
  io: CommandIo,
  context: JobContext,
  application: Application,
  { path, hash, sources }: PlanFile,
): Promise<void> {
  const { db } = context;
  const before = await lastApplied(db);
  if (isApplied(io, context, before, application.json)) return;
  const now = await sourcesOf(context, before === null ? '' : hashOfModels(before.models), sources.file);
  const stale = staleParts(sources, now);
  if (stale.length > 0) {
    const lines = stale.map((part) => `  ${part}`);
    throw new ConfigurationError([`${path} does not fit any more:`, ...lines, MAKE_ONE].join('\n'));
  }
  const { leads } = await lastResult(db);
  const drift = driftOf(sources, leads, await countResultsAfter(db, sources.newest_result));
  if (drift !== null) io.stderr.write(`warning: ${drift}\n`);
  await warnOfHold(io, context);
  await applyNow(io, context, application, { before, planHash: hash });
}
