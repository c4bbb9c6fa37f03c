// `npx leadgrade setup`: creates in the CRM the fields that the product writes. Idempotent.
import type { ScoredModel } from '../../jobs/context.ts';
import type { CrmConnector, SetupStep, WriteTarget } from '../../src/crm/connector.ts';
import { retrySetAside } from '../../src/store/set-aside/set-aside.ts';
import { clearPause } from '../../src/store/sync/crm-pauses.ts';
import { recheckAvailability } from '../../src/store/sync/stream-availability.ts';
import { chosenCrms } from '../product/chosen-crms.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
import { modelFile } from '../product/files/load-model.ts';
import { loadModels } from '../product/files/load-models.ts';
import { shippedFile } from '../product/files/shipped-file.ts';
import type { Product } from '../product/open-product.ts';
import { reportFailures } from '../product/report-failures.ts';
import { withProduct } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';
import { nextWriteTarget } from './write-target.ts';

export interface SetupOptions {
  readonly crm?: string;
  readonly dryRun: boolean;
  readonly json: boolean;
}

export function setup(io: CommandIo, options: SetupOptions): Promise<void> {
  return reportFailures(io, async () => {
    const nextModels = await modelsOfFile(io);
    await withProduct(io, { nextModels, logErrorsOnly: true }, (product) =>
      run(io, product, { ...options, nextModels }),
    );
  });
}

/** None if the file is not valid, which is said: the applied models are set up all the same. */
async function modelsOfFile({ env, stderr }: CommandIo): Promise<readonly ScoredModel[]> {
  try {
    return await loadModels(shippedFile(modelFile(env, undefined)));
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    stderr.write(`warning: only what is applied is set up, as the model file is not valid: ${error.message}\n`);
    return [];
  }
}

async function run(
  io: CommandIo,
  product: Product,
  { crm, dryRun, json, nextModels }: SetupOptions & { readonly nextModels: readonly ScoredModel[] },
): Promise<void> {
  const { context } = product;
  const target = nextWriteTarget(context.models, nextModels);
  const steps: CrmStep[] = [];
  const report = (step: CrmStep) => {
    steps.push(step);
    if (!json) io.stdout.write(`${step.crm}: ${step.what}: ${step.state.replace('-', ' ')}\n`);
  };
  // A CRM that cannot be set up keeps no other from it.
  for (const connector of chosenCrms(context, crm))
    if (!context.signal.aborted) await reportFailures(io, () => setUp(product, connector, { dryRun, report, target }));
  if (json) io.stdout.write(`${JSON.stringify({ dryRun, steps })}\n`);
}

type CrmStep = SetupStep & { readonly crm: string };

interface SetUpOptions {
  readonly dryRun: boolean;
  readonly report: (step: CrmStep) => void;
  readonly target: WriteTarget;
}

async function setUp(
  { context }: Product,
  connector: CrmConnector,
  { dryRun, report, target }: SetUpOptions,
): Promise<void> {
  const { db, clock, signal } = context;
  for await (const step of connector.applySetup(target, { dryRun }, signal)) report({ crm: connector.id, ...step });
  if (dryRun) return;
  // The missing fields that paused writing exist now, and streams may have become available.
  await clearPause(db, { crm: connector.id, direction: 'write', before: clock.now() });
  await recheckAvailability(db, connector.id);
  await retrySetAside(db, clock.now(), { crm: connector.id });
}
