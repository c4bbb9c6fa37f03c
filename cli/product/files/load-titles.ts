// Reads mappings/titles.yaml: what job titles say about people.
import { readFile } from 'node:fs/promises';
import { formatProblem } from '../../../src/domain/problem.ts';
import { sha256Hex } from '../../../src/domain/sha256-hex.ts';
import { type AddTitleFields, createTitleFields } from '../../../src/titles/read-title.ts';
import { readTitles } from '../../../src/titles/titles-schema.ts';
import { ConfigurationError } from '../configuration-error.ts';
import { shippedFile } from './shipped-file.ts';

export interface Titles {
  readonly addFields: AddTitleFields;
  /** Of the file: leads are scored again after a change of it. */
  readonly hash: string;
}

/** @throws ConfigurationError that lists all problems of the file */
export async function loadTitles(): Promise<Titles> {
  const file = shippedFile('mappings/titles.yaml');
  const text = await readFile(file, 'utf8');
  const { titles, problems } = readTitles(text, file);
  if (titles === null) throw new ConfigurationError(problems.map(formatProblem).join('\n'));
  return { addFields: createTitleFields(titles), hash: sha256Hex(text) };
}
