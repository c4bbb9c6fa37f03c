// Splits a list into chunks that fit into one CRM call or one SQL statement.

/** The items in order, in chunks of `size`; the last chunk may be shorter. */
export function chunksOf<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
