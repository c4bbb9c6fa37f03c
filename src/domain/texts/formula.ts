// Texts that a spreadsheet runs as a formula when they begin a cell, also of a field that a CRM's
// users export. https://owasp.org/www-community/attacks/CSV_Injection

// The beginning of a formula, also after spaces, and in full width as East Asian keyboards type it.
const FORMULA = /^\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\r\n]/;
// A signed number (-12, +49.5, -1.5E+10), a phone number (+49 170 123-45), a single dash: without a
// letter there is no function and no cell reference.
const HARMLESS = /^[+-][\d\s.,()/%:+-]*(?:\d[eE][+-]?\d+)?$/;

/** Whether the text, or a longer one that it begins, can be a formula: blanks can begin one. */
export function beginsLikeFormula(text: string): boolean {
  return FORMULA.test(text) || text.trim() === '';
}

export function isFormula(text: string): boolean {
  return FORMULA.test(text) && !HARMLESS.test(text);
}
