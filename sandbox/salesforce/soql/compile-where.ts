// Compiles the conditions of a query to functions of a record.
import type { Operator } from '@jetstreamapp/soql-parser-js';
import type { Org } from '../org/org.ts';
import type { SObjectRecord } from '../records/record-table.ts';
import { badRequest } from '../salesforce-error.ts';
import { type FieldDefinition, isLongText, type Value } from '../schema/field.ts';
import type { ObjectType } from '../schema/object-type.ts';
import { dateRange, literalValue, stringOf } from './literals.ts';
import { type ResolvedField, resolveField } from './resolve-field.ts';
import { notSupported, queryError } from './soql-error.ts';
import type { Comparison, SemiJoin, WhereTree } from './where-tree.ts';

export type Predicate = (record: SObjectRecord) => boolean;

export interface CompileContext {
  readonly org: Org;
  readonly soql: string;
  readonly object: ObjectType;
  /** The IDs that the inner query of a semi-join finds. */
  semiJoin(join: SemiJoin): ReadonlySet<Value>;
}

/** @throws SalesforceError for an operator or value that the field's type does not allow */
export function compileWhere(context: CompileContext, tree: WhereTree): Predicate {
  if (tree.kind === 'comparison') return comparison(context, tree);
  if (tree.kind === 'semi-join') return semiJoin(context, tree);
  if (tree.kind === 'not') {
    const part = compileWhere(context, tree.part);
    return (record) => !part(record);
  }
  const parts = tree.parts.map((part) => compileWhere(context, part));
  if (tree.kind === 'and') return (record) => parts.every((part) => part(record));
  if (tree.parts.some(({ kind }) => kind === 'semi-join')) {
    throw badRequest('MALFORMED_QUERY', "Semi join sub-selects are not allowed with the 'OR' operator");
  }
  return (record) => parts.some((part) => part(record));
}

function semiJoin(context: CompileContext, join: SemiJoin): Predicate {
  const field = resolved(context, join.field);
  if (field.definition.type !== 'id' && field.definition.type !== 'reference') throw badOperator(context, field, join);
  const ids = context.semiJoin(join);
  const wanted = join.operator === 'IN';
  return (record) => ids.has(field.get(record)) === wanted;
}

function comparison(context: CompileContext, { field: path, operator, values }: Comparison): Predicate {
  const field = resolved(context, path);
  const [first] = values;
  if (first?.type === 'DATE_LITERAL' || first?.type === 'DATE_N_LITERAL') {
    if (values.length > 1) throw notSupported('lists of date literals');
    const range = dateRange(field.definition, first, context.org.clock.now());
    return inRange(context, field, operator, range);
  }
  if (operator === 'LIKE') return like(context, field, values);
  if (operator === 'INCLUDES' || operator === 'EXCLUDES') throw badOperator(context, field, { operator });
  const wanted = values.map((literal) => literalValue(field.definition, literal));
  const get = comparable(field);
  if (operator === 'IN' || operator === 'NOT IN') {
    const set: ReadonlySet<Value> = new Set(wanted);
    return operator === 'IN' ? (record) => set.has(get(record)) : (record) => !set.has(get(record));
  }
  const [value = null] = wanted;
  if (operator === '=') return (record) => get(record) === value;
  // An empty value differs from every other value.
  if (operator === '!=') return (record) => get(record) !== value;
  if (value === null || !ORDERED.has(field.definition.type)) throw badOperator(context, field, { operator });
  const compare = COMPARE[operator];
  return (record) => {
    const actual = get(record);
    return actual !== null && compare(actual, value);
  };
}

const ORDERED: ReadonlySet<FieldDefinition['type']> = new Set([
  ...(['string', 'textarea', 'email', 'phone', 'url', 'picklist', 'int', 'double', 'currency', 'date'] as const),
  ...(['datetime', 'id', 'reference'] as const),
]);

const COMPARE: Readonly<
  Record<'<' | '<=' | '>' | '>=', (a: string | number | boolean, b: string | number | boolean) => boolean>
> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

function inRange(
  context: CompileContext,
  field: ResolvedField,
  operator: Operator,
  [from, to]: readonly [string, string],
): Predicate {
  const tests: Partial<Readonly<Record<Operator, (value: string) => boolean>>> = {
    '=': (value) => value >= from && value < to,
    '!=': (value) => value < from || value >= to,
    '<': (value) => value < from,
    '<=': (value) => value < to,
    '>': (value) => value >= to,
    '>=': (value) => value >= from,
  };
  const compare = tests[operator];
  if (!compare) throw badOperator(context, field, { operator });
  return (record) => {
    const value = field.get(record);
    return typeof value === 'string' ? compare(value) : operator === '!=';
  };
}

function like(context: CompileContext, field: ResolvedField, values: Comparison['values']): Predicate {
  const [literal] = values;
  const texts: ReadonlySet<string> = new Set(['string', 'email', 'phone', 'url', 'picklist', 'textarea']);
  if (!texts.has(field.definition.type)) throw badOperator(context, field, { operator: 'LIKE' });
  if (literal?.type !== 'STRING') throw notSupported('LIKE with anything but a string');
  const pattern = stringOf(literal, true).replace(/\\[\s\S]|[\s\S]/g, (part) => {
    if (part === '%') return '[\\s\\S]*';
    if (part === '_') return '[\\s\\S]';
    const plain = part.length === 2 ? part.charAt(1) : part;
    return plain.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
  });
  const test = new RegExp(`^${pattern}$`, 'i');
  return (record) => {
    const value = field.get(record);
    return typeof value === 'string' && test.test(value);
  };
}

/** Text is compared case-insensitively, IDs case-sensitively. */
export function comparable(field: ResolvedField): (record: SObjectRecord) => Value {
  const exact: ReadonlySet<string> = new Set([
    'id',
    'reference',
    'boolean',
    'int',
    'double',
    'currency',
    'date',
    'datetime',
  ]);
  if (exact.has(field.definition.type)) return (record) => field.get(record);
  return (record) => {
    const value = field.get(record);
    return typeof value === 'string' ? value.toLowerCase() : value;
  };
}

function resolved({ org, soql, object }: CompileContext, path: string): ResolvedField {
  const field = resolveField(org, soql, object, path);
  if (isLongText(field.definition)) {
    throw queryError(
      soql,
      'INVALID_FIELD',
      path,
      `field '${field.definition.name}' can not be filtered in a query call`,
    );
  }
  return field;
}

function badOperator({ soql }: CompileContext, field: ResolvedField, { operator }: { operator: string }): Error {
  const message = `invalid operator on ${field.definition.type} field: ${operator}`;
  return queryError(soql, 'INVALID_QUERY_FILTER_OPERATOR', field.definition.name, message);
}
