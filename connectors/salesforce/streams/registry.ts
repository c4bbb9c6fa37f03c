// The streams that a mapping needs: always Leads and Contacts, Accounts if a field comes from them,
// and the streams that activity rules and outcomes name.

import type { StreamAvailability } from '../../../src/crm/connector.ts';
import { mappedProperties } from '../../../src/mapping/project-fields.ts';
import { checkMapping } from '../../kit/check-mapping.ts';
import type { SalesforceParts } from '../parts.ts';
import { PEOPLE } from '../people/person-mapping.ts';
import { accountStream } from './account-stream.ts';
import { ACTIVITY_SOURCES, createActivityStreams } from './activity-streams.ts';
import { personStream } from './person-stream.ts';
import type { StreamReader } from './stream-reader.ts';

export const SOURCES = {
  crm: 'salesforce',
  name: 'Salesforce',
  objects: PEOPLE,
  people: PEOPLE,
  streams: ACTIVITY_SOURCES,
  outcomes: ['opportunities'],
};

/**
 * @throws ConnectorError `configuration` if the mapping names a source that Salesforce does not
 * have
 */
export function createStreams(parts: SalesforceParts): readonly StreamReader[] {
  checkMapping(parts.mapping, SOURCES);
  const usesAccounts = mappedProperties(parts.mapping, 'Contact').some((path) => /^Account\./i.test(path));
  // The Accounts come first so that their cursor begins before the Contacts are listed. Listing may
  // take hours, and neither stream would include an Account that changes in that time.
  const accounts = usesAccounts ? [accountStream(parts)] : [];
  return [...accounts, personStream(parts, 'Lead'), personStream(parts, 'Contact'), ...createActivityStreams(parts)];
}

/**
 * The availability of each stream. An org may have no Leads or no Contacts. If neither is
 * available, both are omitted, so that reading them reports the error.
 * @throws ConnectorError of any kind but `forbidden`
 */
export async function probeStreams(
  readers: readonly StreamReader[],
  signal: AbortSignal,
): Promise<StreamAvailability[]> {
  const availability: StreamAvailability[] = [];
  for (const { stream, checkAvailability } of readers) {
    availability.push({ stream: stream.id, unavailable: await checkAvailability(signal) });
  }
  const people = new Set(readers.flatMap(({ stream }) => (stream.listsObject === undefined ? [] : [stream.id])));
  const areAllPeopleHidden = availability.every(
    ({ stream, unavailable }) => !people.has(stream) || unavailable !== null,
  );
  return areAllPeopleHidden ? availability.filter(({ stream }) => !people.has(stream)) : availability;
}
