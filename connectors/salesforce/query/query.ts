// Runs one query and reads its rows. Each page is a query of its own that begins after the last key
// (keyset pagination): Salesforce's own cursors expire after two days and cannot be resumed after
// some errors, and jsforce's streams drop rows or keep all of them in memory.
import { z } from 'zod';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Fields, FieldValue } from '../../../src/domain/lead.ts';
import type { SalesforceHttp } from '../http/client.ts';
import type { Schema } from './describe.ts';
import { count, isId, type Query, select } from './soql.ts';
import { invisibleObjectError } from './visibility.ts';

/** Salesforce's maximum for one page. */
export const PAGE_ROWS = 2_000;

/**
 * A record as a query returns it, with relations flattened: `{ Id, Email, 'Account.Industry' }`.
 */
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
const keySchema = z.looseObject({
  Id: z.string().refine(isId).optional().catch(undefined),
  SystemModstamp: z.string().optional().catch(undefined),
});
// Each record is validated by itself: one with an unexpected shape must not hide the others.
const querySchema = z.looseObject({ totalSize: z.number(), done: z.boolean(), records: z.array(z.unknown()) });

export interface QueryContext {
  readonly http: SalesforceHttp;
  readonly schema: Schema;
}

export interface RowQuery extends Omit<Query, 'fields'> {
  /** The call in plain English: "reading Leads". */
  readonly what: string;
  /** Fields that this user cannot see are omitted; `Id` is always included. */
  readonly fields: readonly string[];
  /** Includes deleted and archived records. */
  readonly includeDeleted?: boolean;
}

/** A record whose values have an unexpected shape. */
export interface UnreadableRow {
  /** Null if the record has no ID either. */
  readonly id: string | null;
  readonly reason: string;
}

export interface RowPage {
  readonly rows: readonly Row[];
  readonly unreadable: readonly UnreadableRow[];
  /** The keys of the last record with an ID, readable or not; null if there is none. */
  readonly last: { readonly id: string; readonly modstamp: string | null } | null;
  readonly hasMore: boolean;
}

/**
 * Reads one page with the fields that this user can see.
 * @throws ConnectorError `forbidden` when this user cannot see the object, or a field that the
 * conditions or the order need
 */
export async function readRows(context: QueryContext, query: RowQuery, signal: AbortSignal): Promise<RowPage> {
  try {
    return await queryVisibleFields(context, query, signal);
  } catch (error) {
    if (!isHiddenField(error)) throw error;
    // A field was hidden or removed after the object was described: describe the object again and
    // repeat the query.
    context.schema.invalidate();
  }
  try {
    return await queryVisibleFields(context, query, signal);
  } catch (error) {
    throw isHiddenField(error) ? hiddenFieldError(error) : error;
  }
}

async function queryVisibleFields(
  { http, schema }: QueryContext,
  query: RowQuery,
  signal: AbortSignal,
): Promise<RowPage> {
  const { what, includeDeleted = false, ...rest } = query;
  const fields = await schema.visiblePaths(query.from, ['Id', ...query.fields], signal);
  if (fields.length === 0) throw invisibleObjectError(what, query.from);
  const call = {
    what,
    path: includeDeleted ? '/queryAll' : '/query',
    query: { q: select({ ...rest, fields }) },
    responseSchema: querySchema,
  };
  const { records, done } = await http.call(call, signal);
  const rows: Row[] = [];
  const unreadable: UnreadableRow[] = [];
  for (const record of records) {
    const row = toRow(record);
    if ('reason' in row) unreadable.push(row);
    else rows.push(row);
  }
  const isFull = query.limit !== undefined && records.length >= query.limit;
  return { rows, unreadable, last: lastKey(records), hasMore: records.length > 0 && (!done || isFull) };
}

/** The number of records that match. */
export async function countRows(
  { http }: QueryContext,
  query: Pick<Query, 'from' | 'where'>,
  signal: AbortSignal,
): Promise<number> {
  const call = {
    what: `counting ${query.from} records`,
    path: '/query',
    query: { q: count(query) },
    responseSchema: querySchema,
  };
  return (await http.call(call, signal)).totalSize;
}

function toRow(record: unknown): Row | UnreadableRow {
  const key = keySchema.safeParse(record).data;
  const id = key?.Id ?? null;
  const parsed = nested.safeParse(record);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return { id, reason: `${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? ''}` };
  }
  return id === null ? { id, reason: 'Id is missing' } : { id, values: flatten(parsed.data, '') };
}

function lastKey(records: readonly unknown[]): RowPage['last'] {
  const keys = records.flatMap((record) => {
    const key = keySchema.safeParse(record).data;
    return key?.Id === undefined ? [] : [{ id: key.Id, modstamp: key.SystemModstamp ?? null }];
  });
  return keys.at(-1) ?? null;
}

function flatten(record: Nested, prefix: string): Fields {
  const values: Record<string, FieldValue> = {};
  for (const [name, value] of Object.entries(record)) {
    if (name === 'attributes') continue;
    if (typeof value === 'object' && value !== null) Object.assign(values, flatten(value, `${prefix}${name}.`));
    else values[`${prefix}${name}`] = value;
  }
  return values;
}

function isHiddenField(error: unknown): error is ConnectorError {
  return error instanceof ConnectorError && error.code === 'INVALID_FIELD';
}

function hiddenFieldError({ message, code = 'INVALID_FIELD', crm }: ConnectorError): ConnectorError {
  const fix = 'Let the integration user read that field (field-level security).';
  return new ConnectorError({ kind: 'forbidden', crm, message, code, fix });
}
