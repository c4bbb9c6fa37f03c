// What the mappings put into the fields of a model: the kind of each value, and the values of its
// table.

import type { FieldSource, Mapping } from '../../src/mapping/mapping.ts';
import { countryCode } from '../../src/mapping/values/country.ts';
import type { FieldFact, FieldFacts } from '../../src/scoring/dead-rules/field-types.ts';

type MappedFields = Pick<Mapping, 'fields' | 'tables'>;

/** A field that two mappings fill with values of different kinds is left out. */
export function fieldFacts(mappings: readonly MappedFields[]): FieldFacts {
  const facts = mappings.flatMap((mapping) =>
    Object.entries(mapping.fields).map(([field, source]) => [field, factOf(source, mapping.tables)] as const),
  );
  const byField = Map.groupBy(facts, ([field]) => field);
  return new Map(
    [...byField].flatMap(([field, found]) => {
      const fact = found
        .map(([, each]) => each)
        .reduce<FieldFact | null>((a, b) => a && joined(a, b), found[0]?.[1] ?? null);
      return fact === null ? [] : [[field, fact] as const];
    }),
  );
}

function factOf({ as: kind = 'text', table }: Pick<FieldSource, 'as' | 'table'>, tables: Mapping['tables']): FieldFact {
  const entries = table === undefined ? null : Object.entries(tables?.[table] ?? {});
  const isListed = entries !== null && (kind === 'text' || kind === 'list');
  return {
    kind,
    values: isListed ? entries.map(([, value]) => value) : null,
    translated: new Map(isListed ? entries.map(([key, value]) => [key.trim().toLowerCase(), value]) : []),
    toCode: countryCode,
  };
}

function joined(a: FieldFact, b: FieldFact): FieldFact | null {
  if (a.kind !== b.kind) return null;
  const values = a.values === null || b.values === null ? null : [...a.values, ...b.values];
  return { ...a, values, translated: new Map([...a.translated, ...b.translated]) };
}
