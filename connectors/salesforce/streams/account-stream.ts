// The Accounts: a Contact's modification time does not move with its Account, so a change of one makes its Contacts dirty. The
// first pull has nothing to show: all Contacts are read with their Accounts anyway.
import { mappedProperties } from '../../../src/mapping/project-fields.ts';
import { emptyPage } from '../../kit/change-pages.ts';
import { changesCursorSchema, changesFrom, readChanges } from '../query/changes.ts';
import { readByIds } from '../query/query.ts';
import { missingFields } from '../query/visibility.ts';
import { parseCursor, type SalesforceParts, type StreamReader } from './stream.ts';

const ID = 'accounts';

export function accountStream(parts: SalesforceParts): StreamReader {
  const { http, people } = parts;
  return {
    stream: { id: ID, activityTypes: [], isCompanies: true },
    sight: (signal) => missingFields(parts, { what: 'reading accounts', object: 'Account', fields: [] }, signal),
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

/** Those of an Account that the fields of its Contacts come from. */
function accountFields({ mapping }: SalesforceParts): readonly string[] {
  const paths = mappedProperties(mapping, 'Contact').filter((path) => /^Account\./i.test(path));
  return paths.map((path) => path.slice('Account.'.length));
}
