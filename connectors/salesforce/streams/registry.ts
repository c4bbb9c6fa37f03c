// The streams of this mapping: Leads and Contacts always, Accounts where a field comes from them, and what rules and outcomes ask
// for.

import type { StreamAvailability } from '../../../src/crm/connector.ts';
import { mappedProperties } from '../../../src/mapping/project-fields.ts';
import { checkMapping } from '../../kit/check-mapping.ts';
import { PEOPLE } from '../people/person-mapping.ts';
import { accountStream } from './account-stream.ts';
import { ACTIVITY_SOURCES, createActivityStreams } from './activity-streams.ts';
import { personStream } from './person-stream.ts';
import type { SalesforceParts, StreamReader } from './stream.ts';

export const SOURCES = {
  crm: 'salesforce',
  name: 'Salesforce',
  objects: PEOPLE,
  people: PEOPLE,
  streams: ACTIVITY_SOURCES,
  outcomes: ['opportunities'],
};

/** @throws ConnectorError `configuration` when the mapping names a source that Salesforce does not have */
export function createStreams(parts: SalesforceParts): readonly StreamReader[] {
  checkMapping(parts.mapping, SOURCES);
  const usesAccounts = mappedProperties(parts.mapping, 'Contact').some((path) => /^Account\./i.test(path));
  // The Accounts' cursor begins before their Contacts are listed: that may take hours, and an Account that changes meanwhile would
  // be in neither.
  const accounts = usesAccounts ? [accountStream(parts)] : [];
  return [...accounts, personStream(parts, 'Lead'), personStream(parts, 'Contact'), ...createActivityStreams(parts)];
}

/**
 * Which streams this user may read. An org may do without Leads, or without Contacts; without both there is nobody, and reading
 * them says so.
 * @throws ConnectorError of any kind but `forbidden`
 */
export async function probeStreams(
  readers: readonly StreamReader[],
  signal: AbortSignal,
): Promise<StreamAvailability[]> {
  const sights: StreamAvailability[] = [];
  for (const { stream, sight } of readers) sights.push({ stream: stream.id, unavailable: await sight(signal) });
  const people = new Set(readers.flatMap(({ stream }) => (stream.listsObject === undefined ? [] : [stream.id])));
  const isNobodySeen = sights.every(({ stream, unavailable }) => !people.has(stream) || unavailable !== null);
  return isNobodySeen ? sights.filter(({ stream }) => !people.has(stream)) : sights;
}
