// Writes a line of CSV that a spreadsheet can open without running a formula that a visitor typed
// into a form. https://owasp.org/www-community/attacks/CSV_Injection

// The beginning of a formula, also after spaces, and in full width as East Asian keyboards type it.
const FORMULA = /^\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\r\n]/;
// A signed number (-12, +49.5, -1.5E+10), a phone number (+49 170 123-45), a single dash: without a
// letter there is no function and no cell reference.
const HARMLESS = /^[+-][\d\s.,()/%:+-]*(?:\d[eE][+-]?\d+)?$/;
// Every delimiter is quoted, not only that of the file: a spreadsheet of another country splits at
// another delimiter, and a formula could follow it.
const QUOTED = /[",;|\t\r\n]|^\s|\s$/;

/** Puts an apostrophe before a formula, which spreadsheets read as "this is text". */
export function escapeFormula(text: string): string {
  return FORMULA.test(text) && !HARMLESS.test(text) ? `'${text}` : text;
}

/** One line, without its line end. */
export function writeCells(cells: readonly string[], delimiter: string): string {
  return cells.map((cell) => quoted(escapeFormula(cell))).join(delimiter);
}

function quoted(text: string): string {
  return QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
