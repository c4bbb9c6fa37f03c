// The reason why a row is not scored: where, what, and how to fix it. Contains a value of the row only
// if it looks like a number or a date, because other values may be personal data.

export interface RowProblem {
  /** The column name in the header; null for the row as a whole. */
  readonly column: string | null;
  readonly message: string;
  readonly fix: string;
}

// Digits, marks, a currency or a zone: no name, no address, no phone number with a country code.
const QUOTABLE = /^(?!\s*(?:\+|00)\d)[\d\s.,:/+\-()'’%<>=~#\p{Sc}]*(?:\p{L}{1,4}(?!\p{L})[\d\s.,:/+\-()%]*){0,2}$/u;
const MAX_QUOTED_LENGTH = 40;

/** A cell as the subject of a sentence: `"1,200"`, or `the cell` where its text may be personal. */
export function cellSubject(text: string): string {
  return text.length <= MAX_QUOTED_LENGTH && /\d/.test(text) && QUOTABLE.test(text) ? `"${text}"` : 'the cell';
}

/** `line 12, column "Created": "12" is not a date. Write it as ...` */
export function formatRowProblem(line: number, { column, message, fix }: RowProblem): string {
  return `line ${line}${column === null ? '' : `, column "${column}"`}: ${message} ${fix}`;
}
