// Queries and their rows. One page a query, and the next page is another query (by keyset): Salesforce's own cursors end after
// two days and cannot be gone on with after some errors, and jsforce's streams drop rows or keep all of them.
import { z } from 'zod';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Fields, FieldValue } from '../../../src/domain/lead.ts';
import type { SalesforceHttp } from '../http/client.ts';
import type { Schema } from './describe.ts';
import { all, type Condition, compare, count, id, oneOfIds, type Query, select } from './soql.ts';

/** Salesforce gives no more in one page. */
export const PAGE_ROWS = 2_000;

/** A record as a query shows it, relations flattened: `{ Id, Email, 'Account.Industry' }`. */
export interface Row {
  readonly id: string;
  readonly values: Fields;
}

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
type Nested = { readonly [name: string]: z.infer<typeof scalar> | Nested };
const nested: z.ZodType<Nested> = z.record(
  z.string(),
  z.lazy(() => z.union([scalar, nested])),
);
const queryAnswer = z.looseObject({ totalSize: z.number(), done: z.boolean(), records: z.array(nested) });

export interface Reader {
  readonly http: SalesforceHttp;
  readonly schema: Schema;
}

export interface RowQuery extends Omit<Query, 'fields'> {
  /** The call in words: "reading Leads". */
  readonly what: string;
  /** Those that this user does not see are left out; `Id` is always there. */
  readonly fields: readonly string[];
  /** Deleted and archived records, too. */
  readonly deleted?: boolean;
}

/**
 * One page, as far as Salesforce shows it.
 * @returns the rows, and whether there are more of them
 * @throws ConnectorError `forbidden` when this user may not see the object, or a field that the query cannot do without
 */
export async function readRows(
  reader: Reader,
  query: RowQuery,
  signal: AbortSignal,
): Promise<{ rows: readonly Row[]; more: boolean }> {
  try {
    return await readVisible(reader, query, signal);
  } catch (error) {
    if (!isHiddenField(error)) throw error;
    // A field was hidden or removed since it was described: it is described again, and the query asked again without it.
    reader.schema.forget();
  }
  try {
    return await readVisible(reader, query, signal);
  } catch (error) {
    throw isHiddenField(error) ? neededField(error) : error;
  }
}

async function readVisible({ http, schema }: Reader, query: RowQuery, signal: AbortSignal) {
  const { what, deleted = false, ...rest } = query;
  const fields = await schema.visible(query.from, ['Id', ...query.fields], signal);
  if (fields.length === 0) throw invisibleObject(what, query.from);
  const call = {
    what,
    path: deleted ? '/queryAll' : '/query',
    query: { q: select({ ...rest, fields }) },
    answer: queryAnswer,
  };
  const { records, done } = await http.call(call, signal);
  const rows = records.map(toRow);
  const isFull = query.limit !== undefined && rows.length >= query.limit;
  return { rows, more: rows.length > 0 && (!done || isFull) };
}

/** The rows of these ids, in as many queries as the length of an address needs. Those that are not there are left out. */
export async function readByIds(
  reader: Reader,
  query: RowQuery & { readonly idField?: string; readonly ids: readonly string[] },
  signal: AbortSignal,
): Promise<readonly Row[]> {
  const { ids, idField = 'Id', ...rest } = query;
  const rows: Row[] = [];
  for (const chunk of chunksForAddress([...new Set(ids)], rest)) {
    let after: string | null = null;
    for (;;) {
      const wanted: Condition[] = [oneOfIds(idField, chunk)];
      if (query.where !== undefined) wanted.push(query.where);
      if (after !== null) wanted.push(compare('Id', '>', id(after)));
      const page: { rows: readonly Row[]; more: boolean } = await readRows(
        reader,
        { ...rest, where: all(...wanted), orderBy: ['Id'], limit: PAGE_ROWS },
        signal,
      );
      rows.push(...page.rows);
      after = page.rows.at(-1)?.id ?? null;
      if (!page.more || after === null) break;
    }
  }
  return rows;
}

/** How many records of an object there are. */
export async function countRows(
  { http }: Reader,
  query: Pick<Query, 'from' | 'where'>,
  signal: AbortSignal,
): Promise<number> {
  const call = {
    what: `counting ${query.from} records`,
    path: '/query',
    query: { q: count(query) },
    answer: queryAnswer,
  };
  return (await http.call(call, signal)).totalSize;
}

// Address and headers together may have 16,384 bytes: https://help.salesforce.com/s/articleView?id=000386264. Half of it leaves room
// for whatever stands between us and Salesforce. Quotes and the comma are three bytes each in an address.
const ADDRESS_BYTES = 8_000;
const ID_BYTES = 27;
// The host, the path, the condition on the ids, and the place where a page begins.
const FRAME_BYTES = 400;

function chunksForAddress(ids: readonly string[], query: RowQuery): readonly (readonly string[])[] {
  const head = new URLSearchParams({ q: select(query) }).toString().length + FRAME_BYTES;
  const most = Math.max(20, Math.floor((ADDRESS_BYTES - head) / ID_BYTES));
  const chunks: string[][] = [];
  for (let start = 0; start < ids.length; start += most) chunks.push(ids.slice(start, start + most));
  return chunks;
}

function toRow(record: Nested): Row {
  const values = flat(record, '');
  const { Id } = values;
  if (typeof Id === 'string') return { id: Id, values };
  const message = "Salesforce's answer has a record without Id";
  throw new ConnectorError({ kind: 'invalid', crm: 'salesforce', message, code: 'UNEXPECTED_ANSWER' });
}

function flat(record: Nested, prefix: string): Fields {
  const values: Record<string, FieldValue> = {};
  for (const [name, value] of Object.entries(record)) {
    if (name === 'attributes') continue;
    if (typeof value === 'object' && value !== null) Object.assign(values, flat(value, `${prefix}${name}.`));
    else values[`${prefix}${name}`] = value;
  }
  return values;
}

function isHiddenField(error: unknown): error is ConnectorError {
  return error instanceof ConnectorError && error.code === 'INVALID_FIELD';
}

function neededField({ message, code = 'INVALID_FIELD', crm }: ConnectorError): ConnectorError {
  const fix = 'Let the integration user read that field (field-level security).';
  return new ConnectorError({ kind: 'forbidden', crm, message, code, fix });
}

export function invisibleObject(what: string, object: string): ConnectorError {
  return new ConnectorError({
    kind: 'forbidden',
    crm: 'salesforce',
    message: `Salesforce does not show ${object} to this user (${what})`,
    code: 'OBJECT_NOT_VISIBLE',
    fix: letRead(object),
  });
}

// Members and roles go with their Campaign and Opportunity. The set that `leadgrade setup` makes grants our fields alone.
const DEPLOYED: ReadonlySet<string> = new Set([
  'Lead',
  'Contact',
  'Account',
  'Campaign',
  'CampaignMember',
  'Opportunity',
  'OpportunityContactRole',
]);

function letRead(object: string): string {
  const how = DEPLOYED.has(object)
    ? 'by the permission set Leadgrade Integration of apps/salesforce, or by one of your own'
    : 'by a permission set of your own';
  return `Let the integration user read ${object}, ${how}.`;
}
