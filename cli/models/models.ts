// `npx leadgrade models list | show | diff`: the models that were used, and what differs between them.

import { modelDifferences } from '../../src/review/plan/model-differences.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';
import { leadsByModel, listModels, type StoredModel } from '../../src/store/models/models.ts';
import { yamlValue } from '../../src/yaml/yaml-value.ts';
import { shortHash } from '../model-files/model-changes.ts';
import { readText } from '../model-files/read-text.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
import { modelFile } from '../product/files/load-model.ts';
import { shippedFile } from '../product/files/shipped-file.ts';
import { withProduct } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';

export function listUsedModels(io: CommandIo, json: boolean): Promise<void> {
  return withProduct(io, { logErrorsOnly: true }, async ({ context: { db, ...context } }) => {
    const models = await listModels(db);
    const others = new Set(context.models.flatMap(({ key, hash }) => (key === null ? [] : [hash])));
    const [first] = models.filter(({ key }) => key === null);
    const leads = await leadsByModel(db);
    const rows = models.map(({ text: _text, ...model }) => ({ ...model, leads: leads.get(model.hash) ?? 0 }));
    if (json) io.stdout.write(`${JSON.stringify(rows)}\n`);
    else
      io.stdout.write(
        rows.length === 0
          ? 'No model was used yet.\n'
          : `${rows.map((row) => lineOf({ ...row, isInUse: row.hash === first?.hash || others.has(row.hash) })).join('\n')}\n`,
      );
  });
}

function lineOf({
  name,
  key,
  hash,
  since,
  last_used_at,
  leads,
  isInUse,
}: Omit<StoredModel, 'text'> & { readonly leads: number; readonly isInUse: boolean }): string {
  const used = isInUse ? 'in use' : `until ${day(last_used_at)}`;
  const shown = key === null ? name : `${name} (${key})`;
  return `${shortHash(hash)}  ${shown}  since ${day(since)}, ${used}; ${leads} leads have their score from it`;
}

function day(at: Date): string {
  return at.toISOString().slice(0, 10);
}

export function showModel(io: CommandIo, name: string): Promise<void> {
  return withProduct(io, { logErrorsOnly: true }, async ({ context: { db } }) => {
    io.stdout.write((await textOf(await listModels(db), name)).text);
  });
}

export function diffModels(io: CommandIo, before: string, after: string | undefined, json: boolean): Promise<void> {
  return withProduct(io, { logErrorsOnly: true }, async ({ context: { db } }) => {
    const stored = await listModels(db);
    const left = await textOf(stored, before);
    const right = await textOf(stored, after ?? shippedFile(modelFile(io.env, undefined)));
    const changes = modelDifferences(yamlValue(left.text), yamlValue(right.text));
    if (json) io.stdout.write(`${JSON.stringify({ before: left.name, after: right.name, changes })}\n`);
    else
      io.stdout.write(
        `${[`${left.name} → ${right.name}`, ...(changes.length === 0 ? ['Nothing that gives another score.'] : changes)].join('\n')}\n`,
      );
  });
}

interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** @throws ConfigurationError if nothing, or more than one model, has that name */
async function textOf(stored: readonly StoredModel[], wanted: string): Promise<NamedText> {
  const found = stored.filter(({ name, hash }) => name === wanted || (wanted.length >= 4 && hash.startsWith(wanted)));
  const [first, second] = found;
  if (first !== undefined && second !== undefined) {
    const hashes = found.map(({ hash, since }) => `${shortHash(hash)} (since ${day(since)})`).join(', ');
    throw new ConfigurationError(
      `${wanted} names ${found.length} models that were used: ${hashes}. Name one by its hash.`,
    );
  }
  if (first !== undefined) return { name: `${first.name} (${shortHash(first.hash)})`, text: first.text };
  const text = await readText(wanted);
  if (typeof text !== 'string' || readModel(text, wanted).model === null) {
    throw new ConfigurationError(
      `${wanted} is neither a model that was used nor a file with a valid model. "npx leadgrade models list" lists those that were used.`,
    );
  }
  return { name: wanted, text };
}
