// Reads mappings/people.yaml: which records of several CRMs belong to one person.
import { connectorIds } from '../../../connectors/registry.ts';
import { type PeoplePolicy, readPeople } from '../../../src/people/people-policy.ts';
import { loadFile } from '../../model-files/read-text.ts';
import { shippedFile } from './shipped-file.ts';

/** @throws ConfigurationError that lists all problems of the file */
export async function loadPeople(): Promise<PeoplePolicy> {
  const file = shippedFile('mappings/people.yaml');
  const crms = await connectorIds();
  const { value } = await loadFile(file, (text) => {
    const { people, problems } = readPeople(text, file, crms);
    return { value: people, problems };
  });
  return value;
}
