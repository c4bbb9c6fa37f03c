// Reads rows by many IDs, in as many queries as the maximum length of a URL requires. A query that
// Salesforce refuses or does not answer is halved, down to a single ID.
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { inHalves } from '../../../src/domain/lists/in-halves.ts';
import { pageTokens } from '../../kit/page-tokens.ts';
import { mayBeSmaller } from '../http/error-scope.ts';
import { PAGE_ROWS, type QueryContext, type Row, type RowPage, type RowQuery, readRows } from './query.ts';
import { all, type Condition, compare, id, oneOfIds, select } from './soql.ts';

interface IdQuery extends RowQuery {
  /** Absent: `Id`. */
  readonly idField?: string;
  readonly ids: readonly string[];
}

export interface RowsByIds {
  /** The rows whose `idField` is one of the IDs. IDs without a row are omitted. */
  readonly rows: readonly Row[];
  /** IDs whose rows cannot be read, by themselves. */
  readonly failed: ReadonlyMap<string, ConnectorError>;
}

/** @throws ConnectorError if no row can be read, or if Salesforce is down */
export async function readByIds(context: QueryContext, query: IdQuery, signal: AbortSignal): Promise<RowsByIds> {
  const { ids, idField = 'Id', ...rest } = query;
  const rows: Row[] = [];
  const failed = new Map<string, ConnectorError>();
  for (const chunk of chunksForUrl([...new Set(ids)], rest)) {
    const errors = new Map<string, ConnectorError>();
    const attempt = async (part: readonly string[]) => {
      try {
        const found = await readPages(context, { ...rest, idField, ids: part }, signal);
        for (const { id: name, reason } of found.unreadable) failed.set(name, unreadableError(reason));
        return { results: found.rows, suspects: [] };
      } catch (error) {
        if (!mayBeSmaller(error)) throw error;
        for (const each of part) errors.set(each, error);
        return { results: [], suspects: part };
      }
    };
    const { results, suspects } = await attempt(chunk);
    rows.push(...results);
    if (suspects.length === 0) continue;
    const halved = await inHalves(suspects, suspects.length, attempt);
    rows.push(...halved.results);
    const [first] = halved.unresolved.flatMap((each) => errors.get(each) ?? []);
    // One ID alone: only a refusal, not an outage, is about its row.
    if (first !== undefined && (chunk.length > 1 || first.kind !== 'invalid')) throw first;
    for (const each of [...halved.failed, ...halved.unresolved]) {
      const error = errors.get(each);
      if (error !== undefined) failed.set(each, error);
    }
  }
  return { rows, failed };
}

async function readPages(
  context: QueryContext,
  { ids, idField = 'Id', ...rest }: IdQuery,
  signal: AbortSignal,
): Promise<{ rows: readonly Row[]; unreadable: readonly { id: string; reason: string }[] }> {
  const rows: Row[] = [];
  const unreadable: { id: string; reason: string }[] = [];
  const nextToken = pageTokens('salesforce', rest.what);
  let after: string | null = null;
  for (;;) {
    const conditions: Condition[] = [oneOfIds(idField, ids)];
    if (rest.where !== undefined) conditions.push(rest.where);
    if (after !== null) conditions.push(compare('Id', '>', id(after)));
    const page: RowPage = await readRows(
      context,
      { ...rest, where: all(...conditions), orderBy: ['Id'], limit: PAGE_ROWS },
      signal,
    );
    rows.push(...page.rows);
    unreadable.push(...page.unreadable.flatMap((row) => (row.id === null ? [] : [{ id: row.id, reason: row.reason }])));
    if (!page.hasMore) return { rows, unreadable };
    after = nextToken(nextId(page, after));
  }
}

/** @throws ConnectorError if the page does not end after the one before */
export function nextId({ last }: RowPage, after: string | null): string {
  if (last !== null && last.id !== after) return last.id;
  throw repeatedPageError();
}

export function repeatedPageError(): ConnectorError {
  const message = 'Salesforce returned the same page of a query twice';
  return new ConnectorError({ kind: 'invalid', crm: 'salesforce', message, code: 'REPEATED_PAGE' });
}

export function unreadableError(reason: string): ConnectorError {
  const message = `Salesforce returned the record in an unexpected shape: ${reason}`;
  return new ConnectorError({ kind: 'invalid', crm: 'salesforce', message, code: 'UNEXPECTED_RESPONSE' });
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
