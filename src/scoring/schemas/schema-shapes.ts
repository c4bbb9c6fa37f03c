// Metadata of a schema for editors: which keys of an object belong together. A refinement beside it
// checks the same at run time; cli/model-files/editor-schemas.ts turns it into JSON Schema.

/** One permitted shape of an object. */
export interface Shape {
  /** Required keys, besides those of every shape. */
  readonly needs?: readonly string[];
  /** Forbidden keys. */
  readonly lacks?: readonly string[];
  /** The minimum number of keys. */
  readonly atLeast?: number;
}

/** Metadata: an object has one of these shapes. */
export function oneOfShapes(...shapes: readonly Shape[]): { readonly shapes: readonly Shape[] } {
  return { shapes };
}
