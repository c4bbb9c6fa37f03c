// Reads mappings/<crm>.yaml, or another mapping of a CRM.
import { type Mapping, readMapping } from '../../../src/mapping/mapping.ts';
import { loadFile } from '../../model-files/read-text.ts';
import { shippedFile } from './shipped-file.ts';

/** @throws ConfigurationError that lists all problems of the file */
export function loadMapping(crm: string): Promise<Mapping> {
  return loadMappingFile(shippedFile(`mappings/${crm}.yaml`));
}

/** @throws ConfigurationError that lists all problems of the file */
export async function loadMappingFile(file: string): Promise<Mapping> {
  const { value } = await loadFile(file, (text) => {
    const { mapping, problems } = readMapping(text, file);
    return { value: mapping, problems };
  });
  return value;
}
