// mappings/people.yaml as the jobs take it.
import { readFile } from 'node:fs/promises';
import { connectorIds } from '../../connectors/registry.ts';
import { formatProblem } from '../../src/domain/problem.ts';
import { type PeoplePolicy, readPeople } from '../../src/people/people-policy.ts';
import { ConfigurationError, shippedFile } from './load-crms.ts';

/** @throws ConfigurationError that names everything that is wrong with the file */
export async function loadPeople(): Promise<PeoplePolicy> {
  const file = shippedFile('mappings/people.yaml');
  const { people, problems } = readPeople(await readFile(file, 'utf8'), file, await connectorIds());
  if (people) return people;
  throw new ConfigurationError(problems.map(formatProblem).join('\n'));
}
