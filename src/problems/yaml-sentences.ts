// Turns what the YAML parser finds into sentences for the person who edits the file. Every error
// code of the parser has a sentence (SENTENCES); the line in the file decides between the causes
// that share a code.
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

type Describe = (error: YamlError) => SyntaxSentence;

/** A sentence for every code of the parser. */
const SENTENCES: Readonly<Record<ErrorCode, Describe>> = {
  ALIAS_PROPS: specialSign,
  BAD_ALIAS: specialSign,
  BAD_COLLECTION_TYPE: specialSign,
  BAD_DIRECTIVE: percentLine,
  BAD_DQ_ESCAPE: backslash,
  BAD_INDENT: indentation,
  BAD_PROP_ORDER: specialSign,
  BAD_SCALAR_START: specialSign,
  BLOCK_AS_IMPLICIT_KEY: colonOrIndentation,
  BLOCK_IN_FLOW: insideBraces,
  // parse-yaml.ts names the two lines.
  DUPLICATE_KEY: ({ line }) => twice(keyOf(line), []),
  IMPOSSIBLE: unreadable,
  KEY_OVER_1024_CHARS: () => ({
    message: 'a key is longer than 1,024 characters.',
    fix: 'Shorten it. A quote that is not closed, or a line break that is missing, has the same effect.',
  }),
  MISSING_CHAR: missingSign,
  MULTILINE_IMPLICIT_KEY: withoutColon,
  MULTIPLE_ANCHORS: specialSign,
  MULTIPLE_DOCS: ({ lineNumber }) => ({
    message: `a second document begins in line ${lineNumber}; only one is read.`,
    fix: 'Remove the line "---" or "...", or give the second part a file of its own.',
  }),
  MULTIPLE_TAGS: specialSign,
  NON_STRING_KEY: () => ({ message: 'a key must be a text.', fix: 'Write a name and a colon: points: 10.' }),
  RESOURCE_EXHAUSTION: () => ({ message: 'the file is nested too deeply.', fix: 'Write it with fewer levels.' }),
  TAB_AS_INDENT: () => ({
    message: 'a tab stands at the beginning of the line, where only spaces may stand.',
    fix: 'Replace it by spaces, two for each level.',
  }),
  TAG_RESOLVE_FAILED: specialSign,
  UNEXPECTED_TOKEN: unexpected,
};

/** All codes that have a sentence. */
export const SYNTAX_CODES: readonly string[] = Object.keys(SENTENCES);

export function describeSyntax(error: YamlError): SyntaxSentence {
  if (/[\u00a0\u2000-\u200a\u202f\u3000]/u.test(error.line)) {
    return { message: 'a no-break space stands in this line.', fix: 'Type its spaces again, as ordinary ones.' };
  }
  return SENTENCES[error.code](error);
}

/** `"behavior" stands twice (lines 14 and 22).` */
export function twice(key: string, lines: readonly number[]): SyntaxSentence {
  const where = lines.length === 0 ? '' : ` (lines ${lines.join(' and ')})`;
  return { message: `"${key}" stands twice${where}.`, fix: 'Keep one of them, with the entries of both.' };
}

export function unclosedQuote(sign: string): SyntaxSentence {
  return {
    message: `a quote (${sign}) is opened here and never closed.`,
    fix: `Write ${sign} at the end of the text.`,
  };
}

function keyOf(line: string): string {
  return /^[\s-]*["']?([^:"']+?)["']?\s*:/.exec(line)?.[1] ?? '';
}

/** The last key before a column, and the text after its colon. */
function keyBefore({ line, column }: YamlError): { readonly key: string; readonly value: string } {
  const [, key = '', value = ''] = /([\w."-]+)\s*:\s*([^:]*)$/.exec(line.slice(0, column)) ?? [];
  const rest = line.slice(column);
  return { key: key.replaceAll('"', ''), value: `${value}${rest}`.trim() };
}

/** Signs that cannot begin a text without quotes. */
const SIGNS = /[*&!%@`,>|?]/;

function specialSign(error: YamlError): SyntaxSentence {
  const { key, value } = keyBefore(error);
  const [first = ''] = value;
  if (/^>\s*\d/.test(value)) return comparison(error);
  const sign = SIGNS.test(first) ? first : (SIGNS.exec(error.line)?.[0] ?? first);
  const text = /[{[]/.test(error.line) ? value.replace(/\s*[,}\]].*$/, '') : value;
  const fix = text === '' || key === '' ? 'Put it in quotes.' : `Write ${key}: ${inQuotes(text)}`;
  return { message: `a text that begins with ${sign} needs quotes.`, fix };
}

function percentLine(): SyntaxSentence {
  return { message: 'a line cannot begin with %.', fix: 'Remove the line, or begin it with # to make it a comment.' };
}

function backslash(error: YamlError): SyntaxSentence {
  const [, key = 'matches', text = ''] = /([\w.]+)\s*:\s*"(.*)"/.exec(error.line) ?? [];
  return {
    message: 'a backslash in double quotes begins a special character, and this one does not exist.',
    fix: `Use single quotes: ${key}: '${text || '\\d+'}'`,
  };
}

function indentation({ reason, line }: YamlError): SyntaxSentence {
  const [, kind] = /end with a (\S)/.exec(reason) ?? [];
  // syntax-problems.ts gives the place of the bracket.
  if (kind !== undefined) {
    return {
      message: `${kind === '}' ? '{' : '['} is opened here and never closed.`,
      fix: `Write ${kind} at its end.`,
    };
  }
  return {
    message: `the line is indented differently from those that it belongs to: ${quoted(line)}.`,
    fix: 'Begin it in the same column as the lines beside it.',
  };
}

function colonOrIndentation(error: YamlError): SyntaxSentence {
  if (/sequence/.test(error.reason)) {
    return {
      message: 'the entry stands in another column than the entries above it.',
      fix: 'Begin every "- " of a list in the same column.',
    };
  }
  const { line, nextLine, lineNumber } = error;
  const [, key = '', text = ''] = /^[\s-]*([^:]+?)\s*:\s(.*)$/.exec(line) ?? [];
  if (/:(\s|$)/.test(text)) return colonInText(key, text);
  if (/^\?/.test(text))
    return { message: 'a text that begins with ? needs quotes.', fix: `Write ${key}: ${inQuotes(text)}` };
  if (line.includes('\r')) {
    return {
      message: 'the file has line ends that are not read (CR alone).',
      fix: 'Save it with the line ends of Unix or Windows.',
    };
  }
  const below = nextLine.trim() === '' ? 'the next line' : quoted(nextLine);
  return {
    message: `"${key}" has a value, so nothing can stand below it; line ${lineNumber + 1} is indented too far: ${below}.`,
    fix: 'Begin that line in the same column as this one.',
  };
}

function colonInText(key: string, text: string): SyntaxSentence {
  const value = text.trim();
  return { message: `a ${key} with a colon needs quotes.`, fix: `Write ${key}: ${inQuotes(value)}` };
}

function insideBraces(error: YamlError): SyntaxSentence {
  const { line, column, knownKeys, nextLine } = error;
  const rest = line.slice(column - 1);
  if (rest.trim() === '' || /^\s*-\s/.test(nextLine)) {
    return {
      message: 'inside { } and [ ] a list stands in brackets.',
      fix: 'Write [a, b] instead of lines with "- ".',
    };
  }
  const [, first = '', next = ''] = /^("[^"]*"|'[^']*'|[^\s,}\]]+)\s+["']?([\w.]+)["']?\s*:/.exec(rest) ?? [];
  if (next !== '' && (knownKeys.has(next) || /^(["'\d]|true|false)/.test(first))) {
    return { message: `a comma is missing between ${quoted(first)} and "${next}".`, fix: `Write ${first}, ${next}:` };
  }
  const key = /([\w.-]+)\s*:\s*$/.exec(line.slice(0, column - 1))?.[1] ?? '';
  const text = /^[^,}\]]*/.exec(rest)?.[0] ?? rest;
  return key === '' ? unreadable(error) : colonInText(key, text);
}

function missingSign(error: YamlError): SyntaxSentence {
  const { reason, line } = error;
  if (/quote/.test(reason)) return unclosedQuote(/'quote/.test(reason) ? "'" : '"');
  if (/directives-end/.test(reason)) return percentLine();
  if (/Comments/.test(reason))
    return { message: 'a space is missing before #.', fix: 'Write a space, then the comment.' };
  if (/Missing , /.test(reason))
    return { message: 'a comma is missing between two entries.', fix: 'Write [a, b] or { a: 1, b: 2 }.' };
  if (/space after :/.test(reason)) return { message: 'a space is missing after a colon.', fix: 'Write points: 10.' };
  if (PAIR.test(line)) return withoutColon(error);
  if (/indicator/.test(reason) && keyOf(line) !== '') return indentation({ ...error, reason: '' });
  if (/indicator/.test(reason))
    return { message: 'an entry of the list does not begin with "- ".', fix: 'Write "- " before it.' };
  return withoutColon(error);
}

/** A key and a value without a space after the colon. */
const PAIR = /^[\s-]*([\w.-]+):(\S.*)$/;

function withoutColon({ line }: YamlError): SyntaxSentence {
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

function unexpected(error: YamlError): SyntaxSentence {
  const { reason } = error;
  if (/Not a YAML token|Block scalar header/.test(reason)) return comparison(error);
  if (/block-seq-ind/.test(reason)) return listOnKeyLine(error);
  if (/Unexpected ,|empty item/.test(reason)) return { message: 'there is a comma too many.', fix: 'Remove it.' };
  return (/at node end/.test(reason) ? textAfterValue(error) : null) ?? closingBracket(error) ?? unreadable(error);
}

function listOnKeyLine(error: YamlError): SyntaxSentence {
  const [, key, text = ''] = /^\s*([^:]+?)\s*:\s*-\s*(.*)$/.exec(error.line) ?? [];
  if (key === undefined) return withoutColon(error);
  const fix = `Write ${key}: [${text}], or begin the list on the next line.`;
  return { message: 'a list cannot begin on the line of its key.', fix };
}

function textAfterValue(error: YamlError): SyntaxSentence | null {
  const { line, column } = error;
  const before = line.slice(0, column - 1).trimEnd();
  const rest = quoted(line.slice(column - 1));
  if (/["']$/.test(before)) {
    const [, key = '', text = ''] = /([\w.-]+)\s*:\s*["'](.*?)["']?\s*[}\]]*$/.exec(line) ?? [];
    const fix = key === '' ? 'Put one pair of quotes around the whole text.' : `Write ${key}: ${inQuotes(text)}`;
    return { message: `text stands after the closing quote: ${rest}.`, fix };
  }
  if (/[}\]]$/.test(before)) {
    const message = `text stands after a closing bracket, or a comma is missing: ${rest}.`;
    return { message, fix: 'Write a comma between two entries.' };
  }
  const sign = before.search(/[*&!]\S*$/);
  return sign < 0 ? null : specialSign({ ...error, column: sign + 1 });
}

function closingBracket({ line, column }: YamlError): SyntaxSentence | null {
  const [sign = ''] = line.slice(column - 1).trim();
  if (sign !== '}' && sign !== ']') return null;
  const open = sign === '}' ? '{' : '[';
  const fix = `Remove it, or write ${open} before the entries. A text that begins with it needs quotes.`;
  return { message: `${sign} closes nothing.`, fix };
}

/** `size: > 10` */
function comparison(error: YamlError): SyntaxSentence {
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

function unreadable({ line, column }: YamlError): SyntaxSentence {
  const rest = line.slice(column - 1).trim() || line;
  return {
    message: `this cannot be read: ${quoted(rest)}.`,
    fix: 'Check quotes, colons, brackets and indentation of this line and the one above.',
  };
}
