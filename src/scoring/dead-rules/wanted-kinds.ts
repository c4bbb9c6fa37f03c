// The kind of value that a model compares a field with. A value of another kind never matches: only
// ranges (gte, lt) read numeric text, and no condition converts anything else.
import type { WantedKind } from '../lead-input/wanted-kind.ts';
import type { Model } from '../schemas/model-schema.ts';
import { type Conjunction, type Part, toConjunction } from './conjunction.ts';
import { conditionsOf } from './field-types.ts';

/** The fields that are compared with values of one of these kinds, and of no other. */
export function wantedKinds(model: Model): ReadonlyMap<string, WantedKind> {
  const parts = conditionsOf(model).flatMap(({ condition, field }) => partsOf(toConjunction(condition, field)));
  const kinds = new Map<string, Set<WantedKind | 'other'>>();
  for (const part of parts) {
    if (part.kind === 'present' || part.kind === 'not') continue;
    const found = kinds.get(part.field) ?? new Set();
    kinds.set(part.field, found.add(kindOf(part)));
  }
  return new Map(
    [...kinds].flatMap(([field, found]) => {
      const [only] = found;
      return found.size === 1 && only !== undefined && only !== 'other' ? [[field, only] as const] : [];
    }),
  );
}

function partsOf({ parts, anyOf }: Conjunction): readonly Part[] {
  return [...parts, ...anyOf.flat().flatMap(partsOf)];
}

function kindOf(part: Part): WantedKind | 'other' {
  if (part.kind === 'range') return 'number';
  if (part.kind !== 'equals') return 'other';
  if (part.values.every((value) => typeof value === 'boolean')) return 'boolean';
  if (part.values.every((value) => typeof value === 'number')) return 'number';
  const isCode = (value: unknown) => typeof value === 'string' && /^[A-Z]{2}$/.test(value);
  return part.field.endsWith('country') && part.values.every(isCode) ? 'country' : 'other';
}
