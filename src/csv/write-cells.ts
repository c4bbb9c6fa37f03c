// Cells -> a line of CSV that a spreadsheet can open without running what somebody typed into a form.
// https://owasp.org/www-community/attacks/CSV_Injection

// What a spreadsheet takes for the beginning of a formula, also behind spaces, and full-width as East Asian keyboards type it.
const FORMULA = /^\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\r\n]/;
// A signed number (-12, +49.5, -1.5E+10), a phone number (+49 170 123-45), a lone dash: no letter, so no function, no reference to a cell.
const HARMLESS = /^[+-][\d\s.,()/%:+-]*(?:\d[eE][+-]?\d+)?$/;
// Any delimiter, not only the file's: a spreadsheet of another country splits at another one, and a formula could stand behind it.
const QUOTED = /[",;|\t\r\n]|^\s|\s$/;

/** What would be read as a formula gets an apostrophe before it, which spreadsheets take for "this is text". */
export function withoutFormula(text: string): string {
  return FORMULA.test(text) && !HARMLESS.test(text) ? `'${text}` : text;
}

/** One line, without its line end. */
export function writeCells(cells: readonly string[], delimiter: string): string {
  return cells.map((cell) => quoted(withoutFormula(cell))).join(delimiter);
}

function quoted(text: string): string {
  return QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
