// Remembers the results of a pure function of one field by the value of that field. Leads share few titles, countries and paths,
// so that most conditions are evaluated once per value, not once per lead.
import type { Fields, FieldValue } from '../../domain/lead.ts';

/** A full memory is emptied: the values that return are soon remembered again. */
const MAX_RESULTS = 1_000;
/** Long texts are seldom repeated, and would fill the memory. */
const MAX_TEXT_LENGTH = 200;

/**
 * @param names the fields that `compute` reads; with more or less than one, nothing is remembered
 * @param compute a pure function whose results nothing changes
 */
export function rememberByField<T extends object>(
  names: readonly string[],
  compute: (fields: Fields) => T,
): (fields: Fields) => T {
  const [name] = names;
  if (name === undefined || names.length > 1) return compute;
  const results = new Map<FieldValue | undefined, T>();
  return (fields) => {
    const value = fields[name];
    const known = results.get(value);
    if (known !== undefined) return known;
    const result = compute(fields);
    if (!isRemembered(value)) return result;
    if (results.size >= MAX_RESULTS) results.clear();
    results.set(value, result);
    return result;
  };
}

/** Lists are equal by identity only. */
function isRemembered(value: FieldValue | undefined): boolean {
  if (typeof value === 'string') return value.length <= MAX_TEXT_LENGTH;
  return typeof value !== 'object' || value === null;
}
