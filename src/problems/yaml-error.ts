// An error of the YAML parser, and the sentences that several of its codes share.
import type { ErrorCode } from 'yaml';
import { inQuotes, quoted } from './words.ts';

/** An error of the parser, with the line of the file that it is about. */
export interface YamlError {
  readonly code: ErrorCode;
  /** The parser's own words, which only decide between causes. */
  readonly reason: string;
  /** The line of the error, without its line break. */
  readonly line: string;
  /** 1-based. */
  readonly lineNumber: number;
  readonly column: number;
  /** The line after it; empty at the end of the file. */
  readonly nextLine: string;
  /** All keys that the kind of file has, to tell a missing comma from a colon inside a text. */
  readonly knownKeys: ReadonlySet<string>;
}

export interface SyntaxSentence {
  readonly message: string;
  readonly fix: string;
}

/** Signs that cannot begin a text without quotes. */
const SIGNS = /[*&!%@`,>|?]/;

/** A key and a value without a space after the colon. */
export const PAIR = /^[\s-]*([\w.-]+):(\S.*)$/;

/** The last key before a column, and the text after its colon. */
function keyBefore({ line, column }: YamlError): { readonly key: string; readonly value: string } {
  const [, key = '', value = ''] = /([\w."-]+)\s*:\s*([^:]*)$/.exec(line.slice(0, column)) ?? [];
  const rest = line.slice(column);
  return { key: key.replaceAll('"', ''), value: `${value}${rest}`.trim() };
}

export function specialSign(error: YamlError): SyntaxSentence {
  const { key, value } = keyBefore(error);
  const [first = ''] = value;
  if (/^>\s*\d/.test(value)) return comparison(error);
  const [alone] = /\[\s*\*\s*[\],]/.exec(error.line) ?? [];
  if (alone !== undefined)
    return {
      message: 'a * alone is not read as "anything".',
      fix: 'Put it in quotes, or write present: true for "any value".',
    };
  const sign = SIGNS.test(first) ? first : (SIGNS.exec(error.line)?.[0] ?? first);
  const text = /[{[]/.test(error.line) ? value.replace(/\s*[,}\]].*$/, '') : value;
  const fix = text === '' || key === '' ? 'Put it in quotes.' : `Write ${key}: ${inQuotes(text)}`;
  return { message: `a text that begins with ${sign} needs quotes.`, fix };
}

export function withoutColon({ line }: YamlError): SyntaxSentence {
  const [, pair, rest] = PAIR.exec(line) ?? [];
  if (pair !== undefined)
    return { message: `a space is missing after the colon of ${pair}.`, fix: `Write ${pair}: ${rest}` };
  if (/^\s*-\s/.test(line)) {
    return {
      message: 'an entry of a list ("- ") stands among keys.',
      fix: 'Indent it below the key of its list, or check the indentation of the lines above.',
    };
  }
  const name = /[\w.-]+/.exec(line)?.[0] ?? 'points';
  return {
    message: `the line ${quoted(line)} has no colon.`,
    fix: `Write a key, a colon, a space and a value: ${name}: ...`,
  };
}

export function unreadable({ line, column }: YamlError): SyntaxSentence {
  const rest = line.slice(column - 1).trim() || line;
  return {
    message: `this cannot be read: ${quoted(rest)}.`,
    fix: 'Check quotes, colons, brackets and indentation of this line and the one above.',
  };
}

/** `size: > 10` */
export function comparison(error: YamlError): SyntaxSentence {
  const { key, value } = keyBefore({ ...error, column: error.line.search(/[>|]/) });
  const [, sign = '>', number] = /^([>|])\s*(\d[\d.]*)?/.exec(value) ?? [];
  if (number !== undefined && sign === '>') {
    return {
      message: 'a comparison is written with a key, not with ">".',
      fix: `Write { gt: ${number} } for "more than ${number}", { gte: ${number} } for "${number} or more".`,
    };
  }
  return { message: `a text that begins with ${sign} needs quotes.`, fix: `Write ${key}: ${inQuotes(value)}` };
}
