// Reads mappings/events.yaml for the web role.
import { type EventsMapping, readEventsMapping } from '../../../src/mapping/events-mapping.ts';
import { loadFile } from '../../model-files/read-text.ts';
import { shippedFile } from './shipped-file.ts';

/** @throws ConfigurationError that lists all problems of the file */
export async function loadEventsMapping(): Promise<EventsMapping> {
  const file = shippedFile('mappings/events.yaml');
  const { value } = await loadFile(file, (text) => {
    const { mapping, problems } = readEventsMapping(text, file);
    return { value: mapping, problems };
  });
  return value;
}
