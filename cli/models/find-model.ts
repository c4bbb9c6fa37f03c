// Finds a model that a person names: one that was applied, or a file.
import type { Kysely } from 'kysely';
import { modelName, shortHash } from '../../src/domain/texts/model-name.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';
import { listModels, type StoredModel } from '../../src/store/models/models.ts';
import type { Tables } from '../../src/store/tables/tables.ts';
import { readText } from '../model-files/read-text.ts';
import { ConfigurationError } from '../product/configuration-error.ts';

const LIST = '"npx leadgrade models list" lists those that were applied.';

/** @returns null if no model that was applied has that name @throws ConfigurationError if several have it */
async function findStored(db: Kysely<Tables>, wanted: string): Promise<StoredModel | null> {
  const stored = await listModels(db);
  const found = stored.filter(({ name, hash }) => name === wanted || (wanted.length >= 4 && hash.startsWith(wanted)));
  const [first, second] = found;
  if (second === undefined) return first ?? null;
  const hashes = found.map(({ hash, since }) => `${shortHash(hash)} (since ${day(since)})`).join(', ');
  throw new ConfigurationError(
    `${wanted} names ${found.length} models that were applied: ${hashes}. Name one by its hash.`,
  );
}

/** @throws ConfigurationError if no model that was applied, or more than one, has that name */
export async function appliedBefore(db: Kysely<Tables>, wanted: string): Promise<StoredModel> {
  const found = await findStored(db, wanted);
  if (found !== null) return found;
  throw new ConfigurationError(`${wanted} is not a model that was applied. ${LIST}`);
}

export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** @throws ConfigurationError if nothing, or more than one model, has that name */
export async function textOf(db: Kysely<Tables>, wanted: string): Promise<NamedText> {
  const found = await findStored(db, wanted);
  if (found !== null) return { name: modelName(found), text: found.text };
  const text = await readText(wanted);
  if (typeof text !== 'string' || readModel(text, wanted).model === null) {
    throw new ConfigurationError(
      `${wanted} is neither a model that was applied nor a file with a valid model. ${LIST}`,
    );
  }
  return { name: wanted, text };
}

function day(at: Date): string {
  return at.toISOString().slice(0, 10);
}
