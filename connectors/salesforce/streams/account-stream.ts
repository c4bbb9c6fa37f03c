// Accounts. A change of an Account does not change the modification time of its Contacts, so this
// stream marks them as dirty. The full sync yields no records: the contacts stream reads all
// Contacts together with their Accounts.
import { mappedProperties } from '../../../src/mapping/project-fields.ts';
import { emptyPage } from '../../kit/change-pages.ts';
import { toFailure } from '../../kit/stream-parts.ts';
import type { SalesforceParts } from '../parts.ts';
import { changesCursorSchema, changesFrom, readChanges } from '../query/changes.ts';
import { readDuePeriods } from '../query/due-periods.ts';
import { readByIds } from '../query/read-by-ids.ts';
import { isId } from '../query/soql.ts';
import { missingFields } from '../query/visibility.ts';
import type { ReadRows } from './full-sync.ts';
import { withParts } from './list-then-changes.ts';
import { parseCursor, type StreamReader } from './stream-reader.ts';

const ID = 'accounts';

export function accountStream(parts: SalesforceParts): StreamReader {
  const { http } = parts;
  return {
    stream: { id: ID, activityTypes: [], isCompanies: true },
    object: 'Account',
    checkAvailability: (signal) =>
      missingFields(parts, { what: 'reading accounts', object: 'Account', fields: [] }, signal),
    async *read(cursor, signal, setAside) {
      if (cursor === null) {
        yield emptyPage(changesFrom(await http.now(signal)), false);
        return;
      }
      const state = parseCursor(changesCursorSchema, ID, cursor);
      const source = { id: ID, object: 'Account', fields: accountFields(parts) };
      const due = setAside?.due ?? [];
      const dueIds = due.flatMap(({ kind, id }) => (kind === KIND && isId(id) ? [id] : []));
      if (dueIds.length > 0) {
        const content = await contactsOf(parts, dueIds, signal);
        const failing = new Set(content.failed.map(({ id }) => id));
        const recovered = dueIds.filter((id) => !failing.has(id)).map((id) => ({ kind: KIND, id }));
        yield { ...emptyPage(state, false), ...content, recovered };
      }
      for await (const { failed, recovered, ...page } of readDuePeriods(parts, source, due, signal)) {
        const content = await contactsOf(parts, accountIds(page), signal);
        yield { ...emptyPage(state, false), ...withParts(content, { failed, recovered }) };
      }
      for await (const changed of readChanges(parts, source, state, signal)) {
        const content = await contactsOf(parts, accountIds(changed), signal);
        yield { ...emptyPage(changed.cursor, false), ...withParts(content, changed) };
      }
    },
  };
}

const KIND = 'account';

/** Only the IDs are used: the values of an Account are read with its Contacts. */
function accountIds({ rows, unreadable }: ReadRows): readonly string[] {
  return [...rows, ...unreadable].flatMap(({ id }) => id ?? []);
}

async function contactsOf(parts: SalesforceParts, ids: readonly string[], signal: AbortSignal) {
  const { people } = parts;
  const query = { what: 'reading the contacts of accounts', from: 'Contact', fields: people.fieldsOf('Contact') };
  const { rows, failed } = await readByIds(parts, { ...query, idField: 'AccountId', ids }, signal);
  return {
    dirty: rows.map((row) => people.toDirty('Contact', row)),
    failed: [...failed].map(([id, error]) => ({ kind: KIND, id, failure: toFailure(error) })),
  };
}

/** The Account fields that the mapping reads. */
function accountFields({ mapping }: SalesforceParts): readonly string[] {
  const paths = mappedProperties(mapping, 'Contact').filter((path) => /^Account\./i.test(path));
  return paths.map((path) => path.slice('Account.'.length));
}
