// Options of a benchmark whose values come from a list.

/** @throws if `value` is not in the list */
export function choice<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw new Error(`${option} ${value}: use ${allowed.join(', ')}.`);
  return found;
}

/** @param values separated by commas. @throws if one of them is not in the list */
export function choices<T extends string>(option: string, values: string, allowed: readonly T[]): readonly T[] {
  return values.split(',').map((value) => choice(option, value, allowed));
}
