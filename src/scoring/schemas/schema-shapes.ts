// What a refinement says about the keys of an object, for the JSON Schema that editors read (cli/model-files/editor-schemas.ts): which
// keys stand together. It stands beside the refinement that checks it, as a schema's metadata.

/** One of the shapes that an object may have. */
export interface Shape {
  /** Keys that it has, besides those that every shape has. */
  readonly needs?: readonly string[];
  /** Keys that it has not. */
  readonly lacks?: readonly string[];
  /** How many keys it has at least. */
  readonly atLeast?: number;
}

/** Metadata: an object has one of these shapes. */
export function oneOfShapes(...shapes: readonly Shape[]): { readonly shapes: readonly Shape[] } {
  return { shapes };
}
