// A model that changed while its version did not: two models bear one name in the history.
import { access } from 'node:fs/promises';
import type { Kysely } from 'kysely';
import { shortHash } from '../../../src/domain/texts/model-name.ts';
import { sha256Hex } from '../../../src/domain/texts/sha256-hex.ts';
import { lastOtherModel } from '../../../src/store/models/models.ts';
import { openDatabase } from '../../../src/store/open-database.ts';
import type { Tables } from '../../../src/store/tables/tables.ts';
import { readConfig } from '../../product/config.ts';
import type { Environment } from '../../product/environment.ts';

export interface ModelChange {
  readonly message: string;
  readonly fix: string;
}

/** @param name `name@version` @returns null if no other model with that name was used */
export async function findModelChange(db: Kysely<Tables>, name: string, hash: string): Promise<ModelChange | null> {
  const other = await lastOtherModel(db, { name, hash });
  if (other === null) return null;
  const since = other.since.toISOString().slice(0, 10);
  return {
    message: `the model changed, and its version did not: ${name} is ${shortHash(hash)} now and was ${shortHash(other.hash)} (used since ${since}).`,
    fix: 'Raise version, so that every score tells which model gave it.',
  };
}

interface VersionedModel {
  /** `name@version` */
  readonly name: string;
  readonly text: string;
}

/** As `findModelChange` for each model, with the database of the settings; null for all if there is none. */
export async function changedUnderOneVersion(
  env: Environment,
  models: readonly VersionedModel[],
): Promise<readonly (ModelChange | null)[]> {
  const none = models.map(() => null);
  const read = readConfig(env);
  if (models.length === 0 || 'problems' in read) return none;
  const { databaseUrl, databaseSessionUrl, dataDir } = read.config;
  if (databaseUrl === undefined && !(await exists(dataDir))) return none;
  try {
    const { db, close } = await openDatabase({ databaseUrl, databaseSessionUrl, dataDir });
    try {
      return await Promise.all(models.map(({ name, text }) => findModelChange(db, name, sha256Hex(text))));
    } finally {
      await close();
    }
  } catch {
    // No table yet, or a server that is down: the files can be checked without it.
    return none;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
