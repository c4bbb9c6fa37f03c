// Accounts. A change of an Account does not change the modification time of its Contacts, so this
// stream marks them as dirty. The full sync yields no records: the contacts stream reads all
// Contacts together with their Accounts.
import { mappedProperties } from '../../../src/mapping/project-fields.ts';
import { emptyPage } from '../../kit/change-pages.ts';
import type { SalesforceParts } from '../parts.ts';
import { changesCursorSchema, changesFrom, readChanges } from '../query/changes.ts';
import { readByIds } from '../query/read-by-ids.ts';
import { missingFields } from '../query/visibility.ts';
import { parseCursor, type StreamReader } from './stream-reader.ts';

const ID = 'accounts';

export function accountStream(parts: SalesforceParts): StreamReader {
  const { http, people } = parts;
  return {
    stream: { id: ID, activityTypes: [], isCompanies: true },
    checkAvailability: (signal) =>
      missingFields(parts, { what: 'reading accounts', object: 'Account', fields: [] }, signal),
    async *read(cursor, signal) {
      if (cursor === null) {
        yield emptyPage(changesFrom(await http.now(signal)), false);
        return;
      }
      const state = parseCursor(changesCursorSchema, ID, cursor);
      const source = { id: ID, object: 'Account', fields: accountFields(parts) };
      for await (const changed of readChanges(parts, source, state, signal)) {
        const ids = changed.rows.map(({ id }) => id);
        const query = { what: 'reading the contacts of accounts', from: 'Contact', fields: people.fieldsOf('Contact') };
        const rows = await readByIds(parts, { ...query, idField: 'AccountId', ids }, signal);
        yield { ...emptyPage(changed.cursor, false), dirty: rows.map((row) => people.toDirty('Contact', row)) };
      }
    },
  };
}

/** The Account fields that the mapping reads. */
function accountFields({ mapping }: SalesforceParts): readonly string[] {
  const paths = mappedProperties(mapping, 'Contact').filter((path) => /^Account\./i.test(path));
  return paths.map((path) => path.slice('Account.'.length));
}
