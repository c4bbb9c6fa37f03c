// The people of all items of a stream, for the nightly comparison. Listed by ID they cost one call
// for 2,000 rows; read for the items of a page they would cost one call for about 280 items.
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { SalesforceParts } from '../parts.ts';
import { textOf } from '../people/person-mapping.ts';
import { countRows, PAGE_ROWS, type Row, type RowPage, readRows } from '../query/query.ts';
import { nextId } from '../query/read-by-ids.ts';
import { all, compare, id } from '../query/soql.ts';
import { type ItemSource, type Relation, visibleRelation } from '../streams/item-stream.ts';

/** About 50 MB. */
const MAX_ROWS = 100_000;

/** Some relations cannot be queried as a whole, depending on the rights of the user. */
const NOT_LISTABLE: ReadonlySet<string> = new Set(['invalid', 'forbidden', 'retry']);

/**
 * The rows of the relation by item ID; null = the items have no visible relation; undefined = there
 * are too many rows, or Salesforce does not list them: they are read page by page.
 */
export async function loadRelation(
  parts: SalesforceParts,
  source: ItemSource,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly Row[]> | null | undefined> {
  const relation = await visibleRelation(parts, source, signal);
  if (relation === null) return null;
  try {
    const count = await countRows(parts, { from: relation.object }, signal);
    return count > MAX_ROWS ? undefined : await listRelation(parts, source.id, relation, signal);
  } catch (error) {
    if (error instanceof ConnectorError && NOT_LISTABLE.has(error.kind)) return undefined;
    throw error;
  }
}

async function listRelation(
  parts: SalesforceParts,
  stream: string,
  { object, item, person, fields }: Relation,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly Row[]>> {
  const rows: Row[] = [];
  const notDeleted = compare('IsDeleted', '=', false);
  for (let after: string | null = null; ; ) {
    const query = {
      what: `comparing the people of ${stream}`,
      from: object,
      fields: ['IsDeleted', item, person, ...fields],
      includeDeleted: true,
      where: after === null ? notDeleted : all(notDeleted, compare('Id', '>', id(after))),
      orderBy: ['Id'],
      limit: PAGE_ROWS,
    };
    const page: RowPage = await readRows(parts, query, signal);
    rows.push(...page.rows);
    if (!page.hasMore) return Map.groupBy(rows, ({ values }) => textOf(values[item]) ?? '');
    after = nextId(page, after);
  }
}
