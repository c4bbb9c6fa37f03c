// Reads mappings/<crm>.yaml.
import { type Mapping, readMapping } from '../../../src/mapping/mapping.ts';
import { loadFile } from '../../model-files/read-text.ts';
import { shippedFile } from './shipped-file.ts';

/** @throws ConfigurationError that lists all problems of the file */
export async function loadMapping(crm: string): Promise<Mapping> {
  const file = shippedFile(`mappings/${crm}.yaml`);
  const { value } = await loadFile(file, (text) => {
    const { mapping, problems } = readMapping(text, file);
    return { value: mapping, problems };
  });
  return value;
}
