// mappings/events.yaml as the web role takes it.
import { readFile } from 'node:fs/promises';
import { formatProblem } from '../../src/domain/problem.ts';
import { type EventsMapping, readEventsMapping } from '../../src/mapping/events-mapping.ts';
import { ConfigurationError, shippedFile } from './load-crms.ts';

/** @throws ConfigurationError that names everything that is wrong with the file */
export async function loadEventsMapping(): Promise<EventsMapping> {
  const file = shippedFile('mappings/events.yaml');
  const { mapping, problems } = readEventsMapping(await readFile(file, 'utf8'), file);
  if (mapping) return mapping;
  throw new ConfigurationError(problems.map(formatProblem).join('\n'));
}
