// Leads, or Contacts with their Account: read whole at first, then those that changed, with what the query showed of them.
import type { ChangePage } from '../../../src/crm/connector.ts';
import { isTrue, type PersonObject } from '../people/person-mapping.ts';
import type { Row } from '../query/query.ts';
import { compare } from '../query/soql.ts';
import { missingFields } from '../query/visibility.ts';
import { listThenChanges, type SalesforceParts, type StreamReader } from './stream.ts';

const PERSON_STREAMS: Readonly<Record<PersonObject, string>> = { Lead: 'leads', Contact: 'contacts' };

/** A Lead that was converted goes on as a Contact. */
export const NOT_CONVERTED = compare('IsConverted', '=', false);

export function personStream(parts: SalesforceParts, object: PersonObject): StreamReader {
  const { people } = parts;
  const id = PERSON_STREAMS[object];
  return {
    stream: { id, activityTypes: [], listsObject: object },
    sight: (signal) => missingFields(parts, { what: `reading ${id}`, object, fields: [] }, signal),
    read(cursor, signal) {
      const source = {
        id,
        object,
        fields: people.fieldsOf(object),
        ...(object === 'Lead' ? { where: NOT_CONVERTED } : {}),
        fromListed: async (rows: readonly Row[]): Promise<Partial<ChangePage>> => {
          return { leads: rows.map((row) => people.toSnapshot(object, row)) };
        },
        fromChanged: async (rows: readonly Row[]): Promise<Partial<ChangePage>> => {
          // What became of one that is no longer there, only a read of it tells.
          const isThere = ({ values }: Row) => !isTrue(values.IsDeleted) && !isTrue(values.IsConverted);
          return {
            dirty: rows.map((row) => (isThere(row) ? people.toDirty(object, row) : { ref: { object, id: row.id } })),
          };
        },
      };
      return listThenChanges(parts, source, cursor, signal);
    },
  };
}
