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

/** As `findModelChange`, with the database of the settings; null if there is none. */
export async function changedUnderOneVersion(
  env: Environment,
  name: string,
  text: string,
): Promise<ModelChange | null> {
  const read = readConfig(env);
  if ('problems' in read) return null;
  const { databaseUrl, databaseSessionUrl, dataDir } = read.config;
  if (databaseUrl === undefined && !(await exists(dataDir))) return null;
  try {
    const database = await openDatabase({ databaseUrl, databaseSessionUrl, dataDir });
    try {
      return await findModelChange(database.db, name, sha256Hex(text));
    } finally {
      await database.close();
    }
  } catch {
    // No table yet, or a server that is down: the files can be checked without it.
    return null;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
