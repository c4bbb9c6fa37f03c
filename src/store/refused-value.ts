/**
 * Whether Postgres refused a value: class 22 is one that cannot be stored, class 23 a violated
 * constraint. The statement would fail in the same way again.
 */
export function isRefusedValue(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^2[23][0-9A-Z]{3}$/.test(String(error.code));
}
