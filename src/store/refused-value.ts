// Which errors are about an item, and not about the database: a statement that contains the item
// would fail in the same way again.
import type { ReadFailure } from '../domain/crm-changes.ts';

/**
 * Whether Postgres refused a value. Class 22: it cannot be stored. 23: it violates a constraint.
 * 54: it exceeds a limit, such as the 2,704 bytes of an index entry
 * (https://www.postgresql.org/docs/current/errcodes-appendix.html).
 */
export function isRefusedValue(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(22|23|54)[0-9A-Z]{3}$/.test(String(error.code));
}

/** @returns null if the error is not about an item: throw it */
export function toItemFailure(error: unknown): ReadFailure | null {
  if (!(error instanceof Error)) return null;
  if (isRefusedValue(error))
    return { code: 'VALUE_REFUSED', message: 'The database refuses a value of it.', fix: REPORT };
  if (!DEFECTS.has(error.name)) return null;
  // The message can quote values of the CRM.
  return { code: 'NOT_PROCESSED', message: `Leadgrade cannot process it (${error.name}).`, fix: REPORT };
}

const REPORT = 'Report it to the authors of Leadgrade with this code. It is tried again by itself.';

/** Errors of code that meets a value which it does not expect. */
const DEFECTS: ReadonlySet<string> = new Set(['TypeError', 'RangeError', 'SyntaxError', 'ZodError', '$ZodError']);
