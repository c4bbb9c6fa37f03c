// What the mappings put into the fields of a model: the kind of each value, and the values of its
// table.

import type { FieldSource, Mapping } from '../../src/mapping/mapping.ts';
import { countryCode } from '../../src/mapping/values/country.ts';
import type { FieldFact, FieldFacts } from '../../src/scoring/dead-rules/field-types.ts';
import { titlesSchema } from '../../src/titles/titles-schema.ts';

const KINDS: Readonly<Record<string, FieldFact['kind']>> = { number: 'number', boolean: 'boolean' };

type MappedFields = Pick<Mapping, 'fields' | 'tables'>;

// Other tools call them so.
const OTHER_LEVELS = {
  ...{ 'c-level': 'executive', 'c-suite': 'executive', ceo: 'executive', founder: 'executive', owner: 'executive' },
  ...{ vp: 'director', 'vice president': 'director', head: 'director', senior: 'specialist', lead: 'manager' },
  ...{ entry: 'specialist', junior: 'specialist', intern: 'student', retired: 'former' },
};
const LEVEL_FACT: readonly [string, FieldFact] = [
  'contact.title_level',
  {
    kind: 'text',
    values: [...Object.keys(titlesSchema.shape.levels.shape), 'other'],
    translated: new Map(Object.entries(OTHER_LEVELS)),
    origin: 'the word lists of job titles',
  },
];

/** A field that two mappings fill with values of different kinds is left out. */
export function fieldFacts(mappings: readonly MappedFields[]): FieldFacts {
  const facts = mappings.flatMap((mapping) =>
    Object.entries(mapping.fields).map(([field, source]) => [field, factOf(source, mapping.tables)] as const),
  );
  const byField = Map.groupBy([...facts, LEVEL_FACT], ([field]) => field);
  return new Map(
    [...byField].flatMap(([field, found]) => {
      const fact = found
        .map(([, each]) => each)
        .reduce<FieldFact | null>((a, b) => a && joined(a, b), found[0]?.[1] ?? null);
      return fact === null ? [] : [[field, fact] as const];
    }),
  );
}

function factOf(source: FieldSource, tables: Mapping['tables']): FieldFact {
  if ('value' in source) {
    const kind = KINDS[typeof source.value] ?? 'text';
    return { kind, values: [source.value], translated: new Map(), toCode: countryCode };
  }
  const { as: kind = 'text', table } = source;
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
