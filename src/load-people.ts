// mappings/people.yaml as the jobs take it.
import { readFile } from 'node:fs/promises';
import { connectorIds } from '../connectors/load-connector.ts';
import { formatProblem } from './domain/problem.ts';
import { ConfigurationError, shippedFile } from './load-crms.ts';
import { type PeoplePolicy, readPeople } from './people/people-policy.ts';

/** @throws ConfigurationError that names everything that is wrong with the file */
export async function loadPeople(): Promise<PeoplePolicy> {
  const file = shippedFile('mappings/people.yaml');
  const { people, problems } = readPeople(await readFile(file, 'utf8'), file, await connectorIds());
  if (people) return people;
  throw new ConfigurationError(problems.map(formatProblem).join('\n'));
}
