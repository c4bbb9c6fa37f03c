// Reads mappings/titles.yaml: what job titles say about people.
import type { TitleDictionary } from '../../../src/titles/titles-schema.ts';
import { loadUnchangedFile } from '../../model-files/read-text.ts';
import { shippedFile } from './shipped-file.ts';

export interface LoadedTitles {
  readonly dictionary: TitleDictionary;
  readonly text: string;
}

/** @throws ConfigurationError that lists all problems of the file */
export async function loadTitles(): Promise<LoadedTitles> {
  const file = shippedFile('mappings/titles.yaml');
  const { value, text } = await loadUnchangedFile(file, 'titles', async (content) => {
    const { readTitles } = await import('../../../src/titles/titles-file.ts');
    const { titles, problems } = readTitles(content, file);
    return { value: titles, problems };
  });
  return { dictionary: value, text };
}
