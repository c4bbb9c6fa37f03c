// Reads rows by many IDs, in as many queries as the maximum length of a URL requires.
import { PAGE_ROWS, type QueryContext, type Row, type RowPage, type RowQuery, readRows } from './query.ts';
import { all, type Condition, compare, id, oneOfIds, select } from './soql.ts';

/** The rows whose `idField` (default `Id`) is one of `ids`. IDs without a row are omitted. */
export async function readByIds(
  context: QueryContext,
  query: RowQuery & { readonly idField?: string; readonly ids: readonly string[] },
  signal: AbortSignal,
): Promise<readonly Row[]> {
  const { ids, idField = 'Id', ...rest } = query;
  const rows: Row[] = [];
  for (const chunk of chunksForUrl([...new Set(ids)], rest)) {
    let after: string | null = null;
    for (;;) {
      const conditions: Condition[] = [oneOfIds(idField, chunk)];
      if (query.where !== undefined) conditions.push(query.where);
      if (after !== null) conditions.push(compare('Id', '>', id(after)));
      const page: RowPage = await readRows(
        context,
        { ...rest, where: all(...conditions), orderBy: ['Id'], limit: PAGE_ROWS },
        signal,
      );
      rows.push(...page.rows);
      after = page.rows.at(-1)?.id ?? null;
      if (!page.hasMore || after === null) break;
    }
  }
  return rows;
}

// URL and headers together may have 16,384 bytes:
// https://help.salesforce.com/s/articleView?id=000386264. Half of that leaves room for the headers
// of proxies in between. Each quote and comma takes three bytes in a URL.
const MAX_URL_BYTES = 8_000;
const ID_BYTES = 27;
/** The host, the path, the condition on the IDs, and the start of the page. */
const OVERHEAD_BYTES = 400;

function chunksForUrl(ids: readonly string[], query: RowQuery): readonly (readonly string[])[] {
  const fixedBytes = new URLSearchParams({ q: select(query) }).toString().length + OVERHEAD_BYTES;
  const maxIds = Math.max(20, Math.floor((MAX_URL_BYTES - fixedBytes) / ID_BYTES));
  const chunks: string[][] = [];
  for (let start = 0; start < ids.length; start += maxIds) chunks.push(ids.slice(start, start + maxIds));
  return chunks;
}
