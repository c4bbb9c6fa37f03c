// Writes a line of CSV that a spreadsheet can open without running a formula that a visitor typed
// into a form.
import { isFormula } from '../domain/texts/formula.ts';

// Every delimiter is quoted, not only that of the file: a spreadsheet of another country splits at
// another delimiter, and a formula could follow it.
const QUOTED = /[",;|\t\r\n]|^\s|\s$/;

/** Puts an apostrophe before a formula, which spreadsheets read as "this is text". */
export function escapeFormula(text: string): string {
  return isFormula(text) ? `'${text}` : text;
}

/** One line, without its line end. */
export function writeCells(cells: readonly string[], delimiter: string): string {
  return cells.map((cell) => quoted(escapeFormula(cell))).join(delimiter);
}

function quoted(text: string): string {
  return QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
