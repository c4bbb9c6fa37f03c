// Lists all people by pages: all Leads that are not converted, then all Contacts, with their mapped
// values. Used to find deleted records, and changes that move no SystemModstamp: of formulas, of
// the Account, of the owner's name.
import type { ListedRecord, RecordListing } from '../../../src/crm/connector.ts';
import { writtenFields } from '../../../src/mapping/write-back.ts';
import type { SalesforceParts } from '../parts.ts';
import { withModstamp } from '../query/changes.ts';
import { PAGE_ROWS, type Row, readRows } from '../query/query.ts';
import { nextId } from '../query/read-by-ids.ts';
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
    fields: await listedFields(parts, position.object, signal),
    ...(conditions.length === 0 ? {} : { where: all(...conditions) }),
    orderBy: ['Id'],
    limit: PAGE_ROWS,
  };
  const page = await readRows(parts, query, signal);
  const { rows } = withModstamp(page);
  // A record whose values cannot be read exists.
  const ids = [...page.rows, ...page.unreadable].flatMap((row) => row.id ?? []);
  return {
    refs: ids.map((listed) => ({ object: position.object, id: listed })),
    current: rows.map((row) => toListed(parts, position.object, row)),
    after: page.hasMore ? nextId(page, position.id) : next,
  };
}

/**
 * The mapped fields, and those that we write, but for long texts: with one of them Salesforce
 * returns fewer records in a call.
 * https://help.salesforce.com/s/articleView?id=000386264
 */
async function listedFields(
  { schema, people, mapping }: SalesforceParts,
  object: PersonObject,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const described = await schema.describe(object, signal);
  const isLongText = (name: string) => (described?.fields.get(name.toLowerCase())?.length ?? 0) > MAX_SHORT_TEXT;
  const longTexts = new Set(
    writtenFields(mapping)
      .map(({ property }) => property)
      .filter(isLongText),
  );
  return people.fieldsOf(object).filter((name) => !longTexts.has(name));
}

const MAX_SHORT_TEXT = 255;

/** Without the values of fields that were not listed. */
function toListed({ people, mapping }: SalesforceParts, object: PersonObject, row: Row): ListedRecord {
  const { ref, fields, crmValues, modifiedAt, companyId, links = [] } = people.toSnapshot(object, row);
  const listed = new Set(Object.keys(row.values).map((name) => name.toLowerCase()));
  const present = writtenFields(mapping).filter(({ property }) => listed.has(property.toLowerCase()));
  const values = Object.fromEntries(present.map(({ key }) => [key, crmValues[key] ?? null]));
  return { ref, fields, crmValues: values, modifiedAt, companyId, links };
}

function parsePosition(after: string | null): { object: PersonObject; id: string | null } {
  const object = PEOPLE.find((person) => person === after);
  if (object !== undefined || after === null) return { object: object ?? 'Lead', id: null };
  return { object: personRef(after)?.object === 'Contact' ? 'Contact' : 'Lead', id: after };
}
