// What spreadsheets and web pages put around and into a cell: ="00123", R&amp;D.
import { cleanText } from '../mapping/values/clean-text.ts';

// Excel's formula for "this is text": it keeps leading zeros.
const FORMULA_TEXT = /^="([^"]*)"$/;
const ENTITY = /&(?:amp|lt|gt|quot|apos|nbsp|#\d{2,5}|#x[\da-f]{2,4});/gi;
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

/** The text of a cell as a person reads it. */
export function cleanCell(text: string): string {
  const clean = cleanText(text);
  const plain = clean.startsWith('="') ? (FORMULA_TEXT.exec(clean)?.[1] ?? clean).trim() : clean;
  return plain.includes('&') ? cleanText(plain.replace(ENTITY, decoded)) : plain;
}

function decoded(entity: string): string {
  const name = entity.slice(1, -1).toLowerCase();
  if (!name.startsWith('#')) return NAMED[name] ?? entity;
  return String.fromCharCode(name.startsWith('#x') ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1)));
}

/** The name of a column as it is compared: `No. of⏎Employees` is `No. of Employees`. */
export function columnName(text: string): string {
  return cleanCell(text).normalize('NFC').replace(/\s+/g, ' ');
}

// UTF-8 that was read as windows-1252: Ã¼ for ü, â€™ for an apostrophe; or a character that was lost.
const GARBLED = /Ã[\u0080-\u00BF\u0152-\u017E\u2013-\u203A\u20AC\u2122]|â€|\uFFFD/;

/** Whether the encoding of the text was lost on its way. */
export function isGarbled(text: string): boolean {
  return GARBLED.test(text);
}
