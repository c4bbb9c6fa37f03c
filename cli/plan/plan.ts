// `npx leadgrade plan`: what a changed model would do to all stored leads. It calls no CRM and
// changes nothing.
import { resolve } from 'node:path';
import type { JobContext } from '../../jobs/context.ts';
import { planPage } from '../../src/review/plan/plan-page.ts';
import { planText } from '../../src/review/plan/print-plan.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
import { modelFile } from '../product/files/load-model.ts';
import { reportFailures } from '../product/report-failures.ts';
import { withProduct } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';
import { openOutput } from '../terminal/watched-file.ts';
import { makePlan } from './make-plan.ts';
import { type ChangesFile, openChangesFile } from './plan-files.ts';

export interface PlanOptions {
  readonly model?: string;
  readonly csv?: string;
  readonly html?: string;
  readonly force?: boolean;
  readonly asOf?: Date;
  readonly json: boolean;
}

export function plan(io: CommandIo, options: PlanOptions): Promise<void> {
  return reportFailures(io, async () => {
    const { asOf, csv, html } = options;
    if (csv !== undefined && html !== undefined && resolve(csv) === resolve(html)) {
      throw new ConfigurationError(`--csv and --html name the same file, ${csv}. Name two.`);
    }
    const file = modelFile(io.env, options.model);
    await withProduct(io, { asOf, models: file, logErrorsOnly: true }, ({ context }) => {
      return run(io, context, { ...options, file });
    });
  });
}

async function run(
  io: CommandIo,
  context: JobContext,
  { csv, html, force = false, json, file }: PlanOptions & { readonly file: string },
): Promise<void> {
  let changes: ChangesFile | null = null;
  let page: Awaited<ReturnType<typeof openOutput>> | null = null;
  try {
    changes = csv === undefined ? null : await openChangesFile(csv, force);
    page = html === undefined ? null : await openOutput('--html', html, force);
    const made = await makePlan(context, file, async (...change) => changes?.add(...change));
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
