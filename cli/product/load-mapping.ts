// Reads mappings/<crm>.yaml.
import { readFile } from 'node:fs/promises';
import { formatProblem } from '../../src/domain/problem.ts';
import { type Mapping, readMapping } from '../../src/mapping/mapping.ts';
import { ConfigurationError } from './configuration-error.ts';
import { shippedFile } from './shipped-file.ts';

/** @throws ConfigurationError that lists all problems of the file */
export async function loadMapping(crm: string): Promise<Mapping> {
  const file = shippedFile(`mappings/${crm}.yaml`);
  const { mapping, problems } = readMapping(await readFile(file, 'utf8'), file);
  if (mapping) return mapping;
  throw new ConfigurationError(problems.map(formatProblem).join('\n'));
}
