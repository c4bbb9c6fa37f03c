// `npx leadgrade models rollback VERSION`: leads are scored with a model again that was applied before.
import type { Kysely } from 'kysely';
import { scoredModels } from '../../jobs/applied-model.ts';
import { type ActiveModel, onlyModel, type ScoredModel } from '../../jobs/context.ts';
import { formatProblems } from '../../src/domain/problem.ts';
import { modelName, shortHash } from '../../src/domain/texts/model-name.ts';
import { compileModel } from '../../src/scoring/compile/compile.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';
import { hashOfModels, listApplied } from '../../src/store/models/applied.ts';
import type { StoredModel } from '../../src/store/models/models.ts';
import type { Tables } from '../../src/store/tables/tables.ts';
import { planAndApply } from '../apply/apply-model.ts';
import { authorOf, requireTerminal } from '../apply/confirm.ts';
import { findUnappliedFile } from '../model-files/versions/unapplied-file.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
import { modelFile } from '../product/files/load-model.ts';
import { shippedFile } from '../product/files/shipped-file.ts';
import { reportFailures } from '../product/report-failures.ts';
import { withDatabase } from '../product/with-database.ts';
import { withProduct } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';
import { appliedBefore } from './find-model.ts';

export interface RollbackOptions {
  readonly by?: string;
  readonly yes: boolean;
  readonly json: boolean;
}

export function rollback(io: CommandIo, version: string, { by, yes, json }: RollbackOptions): Promise<void> {
  return reportFailures(io, async () => {
    if (!yes) requireTerminal(io, 'leadgrade models rollback');
    const { model, models } = await withDatabase(io, async (db) => {
      const stored = await appliedBefore(db, version);
      return { model: readable(stored), models: await modelsWith(db, stored.hash) };
    });
    const application = { cause: 'rollback', by: authorOf(by), file: null, json, confirmed: yes } as const;
    await withProduct(io, { models: models ?? [onlyModel(model)], logErrorsOnly: true }, async ({ context }) => {
      await planAndApply(io, context, application);
      const file = modelFile(io.env, undefined);
      const unapplied = await findUnappliedFile(file, context.models);
      if (unapplied === null) return;
      if (unapplied.kind !== 'other-model') return void io.stderr.write(`${unapplied.message}\n`);
      const show = `npx leadgrade models show ${shortHash(model.hash)} > ${shippedFile(file)}`;
      io.stderr.write(
        `The file ${shippedFile(file)} still has another model: the next apply would apply it. To have the text of this one in it: ${show}\n`,
      );
    });
  });
}

/** All models that were applied together with it last; null = it never was. */
async function modelsWith(db: Kysely<Tables>, hash: string): Promise<readonly ScoredModel[] | null> {
  const applied = await listApplied(db);
  const withIt = applied.filter(({ models }) => models.some((each) => each.hash === hash));
  const now = hashOfModels(applied[0]?.models ?? []);
  // The model can be part of what is applied now, beside others than then.
  const row = withIt.find(({ models }) => hashOfModels(models) !== now) ?? withIt[0];
  return row === undefined ? null : scoredModels(db, row.models);
}

/** @throws ConfigurationError for a model that this version of Leadgrade cannot read */
function readable({ hash, name, text }: StoredModel): ActiveModel {
  const { model, problems } = readModel(text, modelName({ name, hash }));
  if (model !== null) return { compiled: compileModel(model), hash, text };
  throw new ConfigurationError(
    [
      'This version of Leadgrade cannot read that model:',
      ...formatProblems(problems),
      `Write its text to a file, correct it, and apply that: npx leadgrade models show ${shortHash(hash)} > model.yaml. Nothing was applied.`,
    ].join('\n'),
  );
}
