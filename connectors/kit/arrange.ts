// Arranges the values of a status field: those of the model in its order, others where they are.

/** The list with its own entries replaced, place by place, by `replacements`; the rest is appended. */
export function inPlacesOf<T>(list: readonly T[], isOwn: (entry: T) => boolean, replacements: readonly T[]): T[] {
  const rest = [...replacements];
  const arranged = list.flatMap((entry) => (isOwn(entry) ? rest.splice(0, 1) : [entry]));
  return [...arranged, ...rest];
}
