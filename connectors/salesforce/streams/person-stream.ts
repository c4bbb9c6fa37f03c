// Leads, or Contacts with their Account: first all of them, then the changed ones with the field
// values that the query returned.
import type { ChangePage, DirtyRecord } from '../../../src/crm/connector.ts';
import type { SalesforceParts } from '../parts.ts';
import { isTrue, NOT_CONVERTED, type PersonObject } from '../people/person-mapping.ts';
import type { Row } from '../query/query.ts';
import { missingFields } from '../query/visibility.ts';
import type { ReadRows } from './full-sync.ts';
import { listThenChanges } from './list-then-changes.ts';
import type { StreamReader } from './stream-reader.ts';

const PERSON_STREAMS: Readonly<Record<PersonObject, string>> = { Lead: 'leads', Contact: 'contacts' };

export function personStream(parts: SalesforceParts, object: PersonObject): StreamReader {
  const { people } = parts;
  const id = PERSON_STREAMS[object];
  return {
    stream: { id, activityTypes: [], listsObject: object },
    object,
    checkAvailability: (signal) => missingFields(parts, { what: `reading ${id}`, object, fields: [] }, signal),
    read(cursor, signal, setAside) {
      const source = {
        id,
        object,
        fields: people.fieldsOf(object),
        ...(object === 'Lead' ? { where: NOT_CONVERTED } : {}),
        fromListed: async ({ rows, unreadable }: ReadRows): Promise<Partial<ChangePage>> => {
          return { leads: rows.map((row) => people.toSnapshot(object, row)), dirty: refsOf(object, unreadable) };
        },
        fromChanged: async ({ rows, unreadable }: ReadRows): Promise<Partial<ChangePage>> => {
          // A deleted or converted record must be fetched to find out whether it was merged and
          // into which record.
          const isLive = ({ values }: Row) => !isTrue(values.IsDeleted) && !isTrue(values.IsConverted);
          const dirty = rows.map((row) =>
            isLive(row) ? people.toDirty(object, row) : { ref: { object, id: row.id } },
          );
          return { dirty: [...dirty, ...refsOf(object, unreadable)] };
        },
      };
      return listThenChanges(parts, source, cursor, signal, setAside);
    },
  };
}

/** A record that cannot be read is read again by its ID, and is set aside if that fails. */
function refsOf(object: PersonObject, unreadable: ReadRows['unreadable']): readonly DirtyRecord[] {
  return unreadable.flatMap(({ id }) => (id === null ? [] : [{ ref: { object, id } }]));
}
