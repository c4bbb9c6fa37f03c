// `npx leadgrade plan`: what a changed model would do to all stored leads. It calls no CRM and
// changes nothing.
import type { JobContext } from '../../jobs/context.ts';
import { addModels, knownModels } from '../../jobs/score/earlier-models.ts';
import { sha256Hex } from '../../src/domain/texts/sha256-hex.ts';
import { modelDifferences } from '../../src/review/plan/model-differences.ts';
import { tallyPlan } from '../../src/review/plan/plan.ts';
import { planPage } from '../../src/review/plan/plan-page.ts';
import { type Plan, planText } from '../../src/review/plan/print-plan.ts';
import { type CompiledModel, compileModel } from '../../src/scoring/compile/compile.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';
import { listFirstModels, type StoredModel } from '../../src/store/models/models.ts';
import { allStreams } from '../../src/store/sync/streams.ts';
import { yamlValue } from '../../src/yaml/yaml-value.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
import { withProduct } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';
import { openChangesFile, openOutput } from './plan-files.ts';
import { instantOf, scoreAllLeads } from './score-all-leads.ts';

export interface PlanOptions {
  readonly model?: string;
  readonly csv?: string;
  readonly html?: string;
  readonly force?: boolean;
  readonly asOf?: Date;
  readonly json: boolean;
}

export function plan(io: CommandIo, options: PlanOptions): Promise<void> {
  const { model, asOf } = options;
  const env = model === undefined ? io.env : { ...io.env, MODEL_FILE: model };
  return withProduct({ ...io, env }, { asOf, logErrorsOnly: true }, ({ context }) => run(io, context, options));
}

async function run(io: CommandIo, context: JobContext, { csv, html, force = false, json }: PlanOptions): Promise<void> {
  const stored = await listFirstModels(context.db);
  const live = inUse(stored);
  const changes = csv === undefined ? null : await openChangesFile(csv, force);
  const page = html === undefined ? null : await openOutput('--html', html, force);
  try {
    const made = await makePlan(context, { stored, live }, async (planned, move) => changes?.add(planned, move));
    await changes?.commit();
    if (page !== null) {
      await page.write(planPage(made));
      await page.commit();
    }
    io.stdout.write(json ? `${JSON.stringify(made)}\n` : planText(made));
    for (const path of [csv, html]) if (path !== undefined) io.stderr.write(`Written: ${path}\n`);
    io.setExitCode(made.failed > 0 ? 1 : 0);
  } finally {
    await changes?.discard();
    await page?.discard();
  }
}

interface ReadModel extends StoredModel {
  readonly compiled: CompiledModel;
}

function inUse([latest]: readonly StoredModel[]): ReadModel {
  if (latest === undefined) {
    throw new ConfigurationError(
      'No lead was scored yet. Run "npx leadgrade backfill --dry-run", which scores all leads with the model.',
    );
  }
  const { model } = readModel(latest.text, latest.name);
  if (model === null) {
    throw new ConfigurationError(
      `The model in use, ${latest.name}, cannot be read by this version. Run "npx leadgrade recompute" first.`,
    );
  }
  return { ...latest, compiled: compileModel(model) };
}

async function makePlan(
  context: JobContext,
  { stored, live }: { readonly stored: readonly StoredModel[]; readonly live: ReadModel },
  onChange: Parameters<typeof scoreAllLeads>[2],
): Promise<Plan> {
  const { model, db } = context;
  const bands = { before: live.compiled.bands, after: model.compiled.bands };
  const tally = tallyPlan(bands);
  addModels(new Map(stored.map(({ hash, text }) => [hash, text])));
  const { writes, due, failed } = await scoreAllLeads({ context, live, texts: knownModels }, tally, onChange);
  const known = new Set(bands.before.map(({ id }) => id));
  return {
    as_of: new Date(instantOf(context)).toISOString(),
    model: {
      before: { name: live.name, hash: live.hash },
      after: { name: model.compiled.id, hash: model.hash },
    },
    changes: modelDifferences(yamlValue(live.text), yamlValue(model.text)),
    ...tally.report(),
    ...{ writes, due, failed },
    new_options: bands.after.filter(({ id }) => !known.has(id)).map(({ id, label }) => ({ id, label })),
    reads_anew: await changedMappings(context),
    made_from: sha256Hex(
      JSON.stringify([
        live.hash,
        model.hash,
        [...context.crms.values()].map(({ mappingHash, scopeHash }) => [mappingHash, scopeHash]),
        await newestResult(db),
      ]),
    ),
  };
}

/** CRMs whose mapping reads other values than those that are stored. */
async function changedMappings({ db, crms }: JobContext): Promise<readonly string[]> {
  const streams = await allStreams(db);
  return [...crms].flatMap(([crm, { mappingHash }]) => {
    const own = streams.filter((stream) => stream.crm === crm && stream.mappingHash !== null);
    return own.some((stream) => stream.mappingHash !== mappingHash) ? [crm] : [];
  });
}

async function newestResult(db: JobContext['db']): Promise<number> {
  const { newest } = await db
    .selectFrom('results')
    .select(({ fn }) => fn.max('id').as('newest'))
    .executeTakeFirstOrThrow();
  return Number(newest ?? 0);
}
