// The reason why a row is not scored: where, what, and how to fix it. Contains no value of the row,
// because values may be personal data.

export interface RowProblem {
  /** The column name in the header; null for the row as a whole. */
  readonly column: string | null;
  readonly message: string;
  readonly fix: string;
}

/** `line 12, column "Created": expected a date. Write it as ...` */
export function formatRowProblem(line: number, { column, message, fix }: RowProblem): string {
  return `line ${line}${column === null ? '' : `, column "${column}"`}: ${message} ${fix}`;
}
