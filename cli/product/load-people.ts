// Reads mappings/people.yaml: which records of several CRMs belong to one person.
import { readFile } from 'node:fs/promises';
import { connectorIds } from '../../connectors/registry.ts';
import { formatProblem } from '../../src/domain/problem.ts';
import { type PeoplePolicy, readPeople } from '../../src/people/people-policy.ts';
import { ConfigurationError } from './configuration-error.ts';
import { shippedFile } from './shipped-file.ts';

/** @throws ConfigurationError that lists all problems of the file */
export async function loadPeople(): Promise<PeoplePolicy> {
  const file = shippedFile('mappings/people.yaml');
  const { people, problems } = readPeople(await readFile(file, 'utf8'), file, await connectorIds());
  if (people) return people;
  throw new ConfigurationError(problems.map(formatProblem).join('\n'));
}
