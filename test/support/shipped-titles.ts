// The dictionary of job titles that ships with the product.
import { readFileSync } from 'node:fs';
import { createTitleFields } from '../../src/titles/read-title.ts';
import { readTitles } from '../../src/titles/titles-file.ts';
import type { TitleDictionary } from '../../src/titles/titles-schema.ts';

const FILE = new URL('../../mappings/titles.yaml', import.meta.url);

export function shippedTitles(): TitleDictionary {
  const { titles, problems } = readTitles(readFileSync(FILE, 'utf8'), 'mappings/titles.yaml');
  if (titles === null) throw new Error(JSON.stringify(problems));
  return titles;
}

export const addShippedTitleFields = createTitleFields(shippedTitles());
