// Reads mappings/events.yaml for the web role.
import { readFile } from 'node:fs/promises';
import { formatProblem } from '../../src/domain/problem.ts';
import { type EventsMapping, readEventsMapping } from '../../src/mapping/events-mapping.ts';
import { ConfigurationError } from './configuration-error.ts';
import { shippedFile } from './shipped-file.ts';

/** @throws ConfigurationError that lists all problems of the file */
export async function loadEventsMapping(): Promise<EventsMapping> {
  const file = shippedFile('mappings/events.yaml');
  const { mapping, problems } = readEventsMapping(await readFile(file, 'utf8'), file);
  if (mapping) return mapping;
  throw new ConfigurationError(problems.map(formatProblem).join('\n'));
}
