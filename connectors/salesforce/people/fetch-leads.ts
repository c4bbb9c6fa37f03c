// Fetches the current Leads and Contacts with their Account, and finds out whether a missing record
// was deleted, merged into another record, or converted.
import type { FetchedLead, RecordRef } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { toFailure } from '../../kit/stream-parts.ts';
import type { SalesforceParts } from '../parts.ts';
import type { Row } from '../query/query.ts';
import { readByIds } from '../query/read-by-ids.ts';
import { isVisible } from '../query/visibility.ts';
import { isPersonObject, isTrue, type PersonObject, textOf } from './person-mapping.ts';

/** @throws ConnectorError `invalid` for a ref that is neither a Lead nor a Contact */
export async function fetchLeads(
  parts: SalesforceParts,
  refs: readonly RecordRef[],
  signal: AbortSignal,
): Promise<readonly FetchedLead[]> {
  const fetched: FetchedLead[] = [];
  for (const [object, group] of Map.groupBy(refs, (ref) => ref.object)) {
    if (!isPersonObject(object)) throw unknownObjectError(object);
    const ids = [...new Set(group.map(({ id }) => id))];
    if (!(await isVisible(parts, object, signal))) {
      // An org may have no Leads or no Contacts, while its activities still name them. These
      // records return with their stream.
      fetched.push(...ids.map((id) => toFetched(parts, { object, id }, undefined)));
      continue;
    }
    const query = { what: `reading ${object} records`, from: object, fields: parts.people.fieldsOf(object) };
    const { rows, failed } = await readByIds(parts, { ...query, includeDeleted: true, ids }, signal);
    const found = new Map(rows.map((row) => [row.id, row]));
    for (const id of ids) {
      const error = failed.get(id);
      if (error === undefined) fetched.push(toFetched(parts, { object, id }, found.get(id)));
      else fetched.push({ kind: 'unreadable', ref: { object, id }, failure: toFailure(error) });
    }
  }
  return fetched;
}

function toFetched(
  { people }: SalesforceParts,
  { object, id }: { object: PersonObject; id: string },
  row: Row | undefined,
): FetchedLead {
  const ref = { object, id };
  // A record that is not returned was purged from the recycle bin or is hidden from this user.
  // Salesforce does not say which, so it never counts as erased.
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

function unknownObjectError(object: string): ConnectorError {
  const message = `records of the Salesforce object "${object}" cannot be scored; expected Lead or Contact`;
  return new ConnectorError({ kind: 'invalid', crm: 'salesforce', message, code: 'UNKNOWN_OBJECT' });
}
