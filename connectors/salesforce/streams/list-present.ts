// Pages of all Leads that are not converted, then all Contacts, by id.
import type { RecordListing } from '../../../src/crm/connector.ts';
import { PEOPLE, type PersonObject, personRef } from '../people/person-mapping.ts';
import { PAGE_ROWS, readRows } from '../query/query.ts';
import { all, type Condition, compare, id } from '../query/soql.ts';
import { isVisible } from '../query/visibility.ts';
import { NOT_CONVERTED } from './person-stream.ts';
import type { SalesforceParts } from './stream.ts';

/**
 * @param after the last id of the page before, or the object that comes next; null: the beginning
 * @throws ConnectorError
 */
export async function listAllRecords(
  parts: SalesforceParts,
  after: string | null,
  signal: AbortSignal,
): Promise<RecordListing> {
  const place = placeOf(after);
  const next = PEOPLE[PEOPLE.indexOf(place.object) + 1] ?? null;
  if (!(await isVisible(parts, place.object, signal))) return { refs: [], after: next };
  const conditions: Condition[] = [
    ...(place.object === 'Lead' ? [NOT_CONVERTED] : []),
    ...(place.id === null ? [] : [compare('Id', '>', id(place.id))]),
  ];
  const query = {
    what: `listing ${place.object} records`,
    from: place.object,
    fields: [],
    ...(conditions.length === 0 ? {} : { where: all(...conditions) }),
    orderBy: ['Id'],
    limit: PAGE_ROWS,
  };
  const { rows, more } = await readRows(parts, query, signal);
  const last = rows.at(-1);
  return {
    refs: rows.map((row) => ({ object: place.object, id: row.id })),
    after: more && last !== undefined ? last.id : next,
  };
}

function placeOf(after: string | null): { object: PersonObject; id: string | null } {
  const object = PEOPLE.find((each) => each === after);
  if (object !== undefined || after === null) return { object: object ?? 'Lead', id: null };
  return { object: personRef(after)?.object === 'Contact' ? 'Contact' : 'Lead', id: after };
}
