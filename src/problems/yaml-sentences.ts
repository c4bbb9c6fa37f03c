// Turns what the YAML parser finds into sentences for the person who edits the file. Every error
// code of the parser has a sentence (SENTENCES); the line in the file decides between the causes
// that share a code.
import type { ErrorCode } from 'yaml';
import { inQuotes, quoted } from './words.ts';
import { PAIR, type SyntaxSentence, specialSign, unreadable, withoutColon, type YamlError } from './yaml-error.ts';
import { unexpected } from './yaml-unexpected.ts';

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
    return { message: 'a no-break space is in this line.', fix: 'Type its spaces again, as ordinary ones.' };
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
      message: 'the entry begins in another column than the entries above it.',
      fix: 'Begin every "- " of a list in the same column.',
    };
  }
  const { line, nextLine, lineNumber } = error;
  if (/^\s*-[{["'\w]/.test(line)) {
    return {
      message: 'a space is missing after the dash of a list entry.',
      fix: `Write ${line.trim().replace('-', '- ').slice(0, 30)} ...`,
    };
  }
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
  const [, number] = /^-\s+(\d[\d.]*)\s*$/.exec(value) ?? [];
  if (number !== undefined) return { message: 'a space stands after a minus sign.', fix: `Write ${key}: -${number}` };
  return { message: `a ${key} with a colon needs quotes.`, fix: `Write ${key}: ${inQuotes(value)}` };
}

function insideBraces(error: YamlError): SyntaxSentence {
  const { line, column, knownKeys, nextLine } = error;
  const rest = line.slice(column - 1);
  if (rest.trim() === '' || /^\s*-\s/.test(nextLine)) {
    return {
      message: 'inside { } and [ ] a list is written in brackets.',
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
