// Work is cut into chunks that a CRM call or a statement can carry.

/** `items` in order, in pieces of `size`; the last one may be shorter. */
export function chunksOf<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
