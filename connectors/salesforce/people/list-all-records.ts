// Lists the IDs of all people by pages: all Leads that are not converted, then all Contacts. Used
// to find deleted records.
import type { RecordListing } from '../../../src/crm/connector.ts';
import type { SalesforceParts } from '../parts.ts';
import { PAGE_ROWS, readRows } from '../query/query.ts';
import { all, type Condition, compare, id } from '../query/soql.ts';
import { isVisible } from '../query/visibility.ts';
import { NOT_CONVERTED, PEOPLE, type PersonObject, personRef } from './person-mapping.ts';

/**
 * @param after the last ID of the previous page, or the object to list next; null at the beginning
 * @throws ConnectorError of any kind
 */
export async function listAllRecords(
  parts: SalesforceParts,
  after: string | null,
  signal: AbortSignal,
): Promise<RecordListing> {
  const position = parsePosition(after);
  const next = PEOPLE[PEOPLE.indexOf(position.object) + 1] ?? null;
  if (!(await isVisible(parts, position.object, signal))) return { refs: [], after: next };
  const conditions: Condition[] = [
    ...(position.object === 'Lead' ? [NOT_CONVERTED] : []),
    ...(position.id === null ? [] : [compare('Id', '>', id(position.id))]),
  ];
  const query = {
    what: `listing ${position.object} records`,
    from: position.object,
    fields: [],
    ...(conditions.length === 0 ? {} : { where: all(...conditions) }),
    orderBy: ['Id'],
    limit: PAGE_ROWS,
  };
  const { rows, hasMore } = await readRows(parts, query, signal);
  const last = rows.at(-1);
  return {
    refs: rows.map((row) => ({ object: position.object, id: row.id })),
    after: hasMore && last !== undefined ? last.id : next,
  };
}

function parsePosition(after: string | null): { object: PersonObject; id: string | null } {
  const object = PEOPLE.find((person) => person === after);
  if (object !== undefined || after === null) return { object: object ?? 'Lead', id: null };
  return { object: personRef(after)?.object === 'Contact' ? 'Contact' : 'Lead', id: after };
}
