// Builds SOQL without injection: every value is escaped as a literal, and every name is validated.
// jsforce's own builder does not escape backslashes, so the text `x\` would swallow the closing
// quote.
// https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_quotedstringescapes.htm

/** A SOQL condition. Only the functions below create one. */
export class Condition {
  readonly #soql: string;

  constructor(soql: string) {
    this.#soql = soql;
  }

  get soql(): string {
    return this.#soql;
  }
}

/** A SOQL literal. Only the functions below create one, so plain text cannot be passed instead. */
class Literal {
  readonly #soql: string;

  constructor(soql: string) {
    this.#soql = soql;
  }

  get soql(): string {
    return this.#soql;
  }
}

type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=';

export function text(value: string): Literal {
  const escaped = value.replace(/[\\'\n\r\u2028\u2029]/g, (character) => ESCAPES[character] ?? character);
  return new Literal(`'${escaped}'`);
}

// Every character that may end a string or a line.
const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '\n': '\\n',
  '\r': '\\r',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

const ID = /^[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?$/;

/** @throws RangeError if the value is not a valid ID */
export function id(value: string): Literal {
  if (!ID.test(value)) throw new RangeError('not a valid ID of a Salesforce record');
  return new Literal(`'${value}'`);
}

export function isId(value: string): boolean {
  return ID.test(value);
}

/** @param at epoch ms; Salesforce stores whole seconds */
export function instant(at: number): Literal {
  return new Literal(new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z'));
}

export function compare(field: string, operator: Operator, literal: Literal | boolean): Condition {
  const value = typeof literal === 'boolean' ? String(literal) : literal.soql;
  return new Condition(`${name(field)} ${operator} ${value}`);
}

/** @param ids at least one @throws RangeError if the list is empty or a value is not a valid ID */
export function oneOfIds(field: string, ids: readonly string[]): Condition {
  if (ids.length === 0) throw new RangeError('a condition needs at least one ID');
  return new Condition(`${name(field)} IN (${list(ids.map(id))})`);
}

/** @param values at least one @throws RangeError if the list is empty */
export function oneOfTexts(field: string, values: readonly string[]): Condition {
  if (values.length === 0) throw new RangeError('a condition needs at least one value');
  return new Condition(`${name(field)} IN (${list(values.map(text))})`);
}

function list(literals: readonly Literal[]): string {
  return literals.map(({ soql }) => soql).join(',');
}

export function all(...conditions: readonly Condition[]): Condition {
  return join(conditions, 'AND');
}

export function any(...conditions: readonly Condition[]): Condition {
  return join(conditions, 'OR');
}

function join(conditions: readonly Condition[], operator: 'AND' | 'OR'): Condition {
  const [first, ...others] = conditions;
  if (first === undefined) throw new RangeError('a combined condition needs at least one part');
  if (others.length === 0) return first;
  return new Condition(conditions.map(({ soql }) => `(${soql})`).join(` ${operator} `));
}

export interface Query {
  /** Fields and paths through parents (`Account.Industry`). */
  readonly fields: readonly string[];
  readonly from: string;
  readonly where?: Condition;
  readonly orderBy?: readonly string[];
  readonly limit?: number;
}

/** @throws RangeError if a name is not valid */
export function select({ fields, from, where, orderBy = [], limit }: Query): string {
  const columns = [...new Set(fields)].map(name);
  return [
    `SELECT ${columns.join(',')} FROM ${name(from)}`,
    ...(where === undefined ? [] : [`WHERE ${where.soql}`]),
    ...(orderBy.length === 0 ? [] : [`ORDER BY ${orderBy.map(name).join(',')}`]),
    ...(limit === undefined ? [] : [`LIMIT ${limit}`]),
  ].join(' ');
}

/** A query for the number of records. @throws RangeError if a name is not valid */
export function count({ from, where }: Pick<Query, 'from' | 'where'>): string {
  return `SELECT COUNT() FROM ${name(from)}${where === undefined ? '' : ` WHERE ${where.soql}`}`;
}

const NAME = /^[a-zA-Z]\w*(?:\.[a-zA-Z]\w*)*$/;

function name(field: string): string {
  if (!NAME.test(field)) throw new RangeError(`"${field}" is not a valid name of a Salesforce field or object`);
  return field;
}
