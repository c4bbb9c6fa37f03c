// Why a row is not scored: where, what, how to mend it. Without any value of the row, since that may be personal.

export interface RowProblem {
  /** The column as the header names it; null when it is the row as a whole. */
  readonly column: string | null;
  readonly message: string;
  readonly fix: string;
}

/** `line 12, column "Created": expected a date. Write it as ...` */
export function formatRowProblem(line: number, { column, message, fix }: RowProblem): string {
  return `line ${line}${column === null ? '' : `, column "${column}"`}: ${message} ${fix}`;
}
