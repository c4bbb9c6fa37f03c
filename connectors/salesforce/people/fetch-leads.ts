// Leads and Contacts as they are now, with their Account; and what became of those that are not there: deleted, merged into
// another, or converted.
import type { FetchedLead, RecordRef } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { type Row, readByIds } from '../query/query.ts';
import { isVisible } from '../query/visibility.ts';
import type { SalesforceParts } from '../streams/stream.ts';
import { isPersonObject, isTrue, type PersonObject, textOf } from './person-mapping.ts';

/** @throws ConnectorError `invalid` for a ref that is neither a Lead nor a Contact */
export async function fetchLeads(
  parts: SalesforceParts,
  refs: readonly RecordRef[],
  signal: AbortSignal,
): Promise<readonly FetchedLead[]> {
  const fetched: FetchedLead[] = [];
  for (const [object, group] of Map.groupBy(refs, (ref) => ref.object)) {
    if (!isPersonObject(object)) throw notAPerson(object);
    const ids = [...new Set(group.map(({ id }) => id))];
    if (!(await isVisible(parts, object, signal))) {
      // An org may do without Leads, or without Contacts; its activities name them all the same. They come back with their stream.
      fetched.push(...ids.map((id) => toFetched(parts, { object, id }, undefined)));
      continue;
    }
    const query = { what: `reading ${object} records`, from: object, fields: parts.people.fieldsOf(object) };
    const rows = await readByIds(parts, { ...query, deleted: true, ids }, signal);
    const found = new Map(rows.map((row) => [row.id, row]));
    fetched.push(...ids.map((id) => toFetched(parts, { object, id }, found.get(id))));
  }
  return fetched;
}

function toFetched(
  { people }: SalesforceParts,
  { object, id }: { object: PersonObject; id: string },
  row: Row | undefined,
): FetchedLead {
  const ref = { object, id };
  // One that is not shown at all was emptied out of the recycle bin, or is hidden from this user. Nothing tells which, so it is
  // never taken for erased.
  if (row === undefined) return { kind: 'gone', ref, erased: false };
  const master = textOf(row.values.MasterRecordId);
  if (isTrue(row.values.IsDeleted)) {
    return master === null
      ? { kind: 'gone', ref, erased: false }
      : { kind: 'merged', ref, into: { object, id: master } };
  }
  const contact = textOf(row.values.ConvertedContactId);
  if (!isTrue(row.values.IsConverted)) return people.toSnapshot(object, row);
  return contact === null
    ? { kind: 'gone', ref, erased: false }
    : { kind: 'merged', ref, into: { object: 'Contact', id: contact } };
}

function notAPerson(object: string): ConnectorError {
  const message = `"${object}" is no object of Salesforce whose records are scored; there are Lead and Contact`;
  return new ConnectorError({ kind: 'invalid', crm: 'salesforce', message, code: 'UNKNOWN_OBJECT' });
}
