// Sentences for a sign that the YAML parser did not await: brackets, quotes, dashes, comparisons.
import { inQuotes, quoted } from './words.ts';
import {
  comparison,
  type SyntaxSentence,
  specialSign,
  unreadable,
  withoutColon,
  type YamlError,
} from './yaml-error.ts';

export function unexpected(error: YamlError): SyntaxSentence {
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
