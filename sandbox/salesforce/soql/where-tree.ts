// Converts the conditions of a query to a tree. The parser returns a chain of links with counts of
// parentheses.
import type { ConditionWithValueQuery, LiteralType, Operator, Query, WhereClause } from '@jetstreamapp/soql-parser-js';
import { malformed, notSupported } from './soql-error.ts';

export interface RawLiteral {
  readonly type: LiteralType;
  /** As in the query, a string with its quotes. */
  readonly text: string;
}

export interface Comparison {
  readonly kind: 'comparison';
  /** A field or a path, `Account.Name`. */
  readonly field: string;
  readonly operator: Operator;
  readonly values: readonly RawLiteral[];
}

export interface SemiJoin {
  readonly kind: 'semi-join';
  readonly field: string;
  readonly operator: 'IN' | 'NOT IN';
  readonly query: Query;
}

export type WhereTree =
  | Comparison
  | SemiJoin
  | { readonly kind: 'and' | 'or'; readonly parts: readonly WhereTree[] }
  | { readonly kind: 'not'; readonly part: WhereTree };

type Token = '(' | ')' | 'AND' | 'OR' | 'NOT' | Comparison | SemiJoin;

/**
 * @throws SalesforceError if AND and OR, or NOT and another condition, are combined without
 *   parentheses
 */
export function whereTree(soql: string, where: WhereClause): WhereTree {
  const tokens = tokensOf(where);
  const parser = new TreeParser(soql, tokens);
  const tree = parser.conditions();
  parser.end();
  return tree;
}

function tokensOf(where: WhereClause): Token[] {
  const tokens: Token[] = [];
  for (let link: WhereClause | undefined = where; link !== undefined; ) {
    if (link.left !== null) tokens.push(...tokensOfLink(link.left));
    if (!('operator' in link)) break;
    tokens.push(link.operator);
    link = link.right;
  }
  return tokens;
}

function tokensOfLink(left: ConditionWithValueQuery): Token[] {
  const open = Array.from({ length: left.openParen ?? 0 }, (): Token => '(');
  if (!('operator' in left)) return open;
  return [...open, conditionOf(left), ...Array.from({ length: left.closeParen ?? 0 }, (): Token => ')')];
}

function conditionOf(condition: ConditionWithValueQuery): Comparison | SemiJoin {
  if (!('field' in condition)) throw notSupported('functions in WHERE');
  const { field, operator } = condition;
  if ('valueQuery' in condition) {
    if (operator !== 'IN' && operator !== 'NOT IN') throw notSupported(`${operator} with a query`);
    return { kind: 'semi-join', field, operator, query: condition.valueQuery };
  }
  const texts = Array.isArray(condition.value) ? condition.value : [condition.value];
  const types = condition.literalType;
  const values = texts.map((text, at) => {
    const type = Array.isArray(types) ? types[at] : types;
    if (type === undefined) throw notSupported(`the value ${text}`);
    return { type, text };
  });
  return { kind: 'comparison', field, operator, values };
}

/**
 * https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_conditionexpression.htm
 */
class TreeParser {
  readonly #soql: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(soql: string, tokens: readonly Token[]) {
    this.#soql = soql;
    this.#tokens = tokens;
  }

  /** Conditions joined by AND only or OR only, or one condition after NOT. */
  conditions(): WhereTree {
    if (this.#tokens[this.#at] === 'NOT') {
      this.#at += 1;
      return { kind: 'not', part: this.#one() };
    }
    const first = this.#one();
    const operator = this.#tokens[this.#at];
    if (operator !== 'AND' && operator !== 'OR') return first;
    const parts = [first];
    while (this.#tokens[this.#at] === operator) {
      this.#at += 1;
      parts.push(this.#one());
    }
    return { kind: operator === 'AND' ? 'and' : 'or', parts };
  }

  end(): void {
    const left = this.#tokens[this.#at];
    if (left !== undefined) throw malformed(this.#soql, typeof left === 'string' ? left : left.field);
  }

  #one(): WhereTree {
    const token = this.#tokens[this.#at];
    this.#at += 1;
    if (token === '(') {
      const inner = this.conditions();
      const close = this.#tokens[this.#at];
      if (close !== ')') throw malformed(this.#soql, typeof close === 'string' ? close : (close?.field ?? '<EOF>'));
      this.#at += 1;
      return inner;
    }
    if (token === undefined || typeof token === 'string') throw malformed(this.#soql, token ?? '<EOF>');
    return token;
  }
}
