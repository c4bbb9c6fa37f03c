// What the model asks and no mapping gives: such fields are unknown for every lead.
import type { CompiledModel } from '../../src/scoring/compile/compile.ts';
import { missingFields } from '../../src/scoring/model-fields.ts';

export interface ModelGap {
  /** A sentence without its full stop. */
  readonly message: string;
  readonly fix: string;
}

/**
 * @param given the fields that the mappings give
 * @returns null if every field of the model is given
 */
export function modelGap(model: CompiledModel, given: ReadonlySet<string>): ModelGap | null {
  const missing = missingFields(model, (field) => given.has(field));
  if (missing === null) return null;
  const { fields, share } = missing;
  return {
    message: `the model asks for ${fields.join(', ')}, which no mapping gives: unknown for every lead${share}`,
    fix: `Add a line for each under "fields" of a mapping, for example ${fields[0]}: { from: object.property }.`,
  };
}

/** The fields that the mappings of the configured CRMs give. */
export function mappedFields(
  crms: ReadonlyMap<string, { readonly connector: { readonly mappedFields: readonly string[] } }>,
): ReadonlySet<string> {
  return new Set([...crms.values()].flatMap(({ connector }) => connector.mappedFields));
}
