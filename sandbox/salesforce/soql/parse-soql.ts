// Parses a query and reduces it to the clauses that the sandbox evaluates; any other clause is an
// error.
import { type FieldType, type OrderByClause, parseQuery, type Query } from '@jetstreamapp/soql-parser-js';
import { badRequest } from '../salesforce-error.ts';
import { malformed, notSupported } from './soql-error.ts';
import { type WhereTree, whereTree } from './where-tree.ts';

// https://developer.salesforce.com/docs/atlas.en-us.salesforce_app_limits_cheatsheet.meta (SOQL and
// SOSL limits)
const MAX_CHARACTERS = 100_000;
const MAX_OFFSET = 2_000;

export interface OrderKey {
  readonly field: string;
  readonly descending: boolean;
  readonly nullsLast: boolean;
}

export interface ParsedQuery {
  readonly soql: string;
  readonly object: string;
  /** Fields and relationship paths; null for COUNT(). */
  readonly select: readonly string[] | null;
  readonly where: WhereTree | null;
  readonly orderBy: readonly OrderKey[];
  readonly limit: number | null;
  readonly offset: number | null;
}

/** @throws SalesforceError MALFORMED_QUERY, or Salesforce's more specific code */
export function parseSoql(soql: string): ParsedQuery {
  if (soql.length > MAX_CHARACTERS) {
    throw badRequest('QUERY_TOO_COMPLICATED', 'SOQL statements cannot be longer than 100,000 characters.');
  }
  return shapeQuery(soql, parsed(soql));
}

function parsed(soql: string): Query {
  try {
    return parseQuery(soql);
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const found = /found:?\s+(?:-->\s*)?'?([^'\s<]+)/.exec(message)?.[1];
    throw malformed(soql, found ?? '<EOF>');
  }
}

// The clauses that are evaluated; any other one is an error.
const EVALUATED: ReadonlySet<string> = new Set(['fields', 'sObject', 'where', 'orderBy', 'limit', 'offset']);

/** @param soql the text of the whole query, for error positions */
export function shapeQuery(soql: string, query: Query): ParsedQuery {
  const other = Object.entries(query).find(([part, value]) => value !== undefined && !EVALUATED.has(part));
  if (other) throw notSupported(`the clause "${other[0]}"`);
  if (query.sObject === undefined) throw malformed(soql, 'FROM');
  const offset = query.offset ?? null;
  if (offset !== null && offset > MAX_OFFSET) {
    throw badRequest('NUMBER_OUTSIDE_VALID_RANGE', 'Maximum SOQL offset allowed is 2000');
  }
  return {
    soql,
    object: query.sObject,
    select: selection(soql, query.fields ?? []),
    where: query.where === undefined ? null : whereTree(soql, query.where),
    orderBy: orderKeys(query.orderBy),
    limit: query.limit ?? null,
    offset,
  };
}

function selection(soql: string, fields: readonly FieldType[]): readonly string[] | null {
  const [first] = fields;
  if (
    fields.length === 1 &&
    first?.type === 'FieldFunctionExpression' &&
    /^COUNT\(\s*\)$/i.test(first.rawValue ?? '')
  ) {
    if (first.alias === undefined) return null;
  }
  const names = fields.map(pathOf);
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name.toLowerCase())) {
      throw badRequest('INVALID_FIELD', `duplicate field selected: ${name}`);
    }
    seen.add(name.toLowerCase());
  }
  if (names.length === 0) throw malformed(soql, 'FROM');
  return names;
}

function pathOf(field: FieldType): string {
  if ('alias' in field && field.alias !== undefined) throw notSupported('aliases');
  if (field.type === 'Field') return field.field;
  if (field.type === 'FieldRelationship') return [...field.relationships, field.field].join('.');
  if (field.type === 'FieldSubquery') throw notSupported('queries inside SELECT');
  if (field.type === 'FieldTypeof') throw notSupported('TYPEOF');
  throw notSupported(`the function ${field.functionName}`);
}

function orderKeys(orderBy: OrderByClause | OrderByClause[] | undefined): readonly OrderKey[] {
  const clauses = orderBy === undefined ? [] : Array.isArray(orderBy) ? orderBy : [orderBy];
  return clauses.map((clause) => {
    if (!('field' in clause)) throw notSupported('functions in ORDER BY');
    return { field: clause.field, descending: clause.order === 'DESC', nullsLast: clause.nulls === 'LAST' };
  });
}
