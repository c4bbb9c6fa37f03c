// Values that a condition asks for and the mapping never gives: `is: yes` on a field that is true or
// false, a country's name where the mapping writes its code.

import { closest } from '../../problems/suggest.ts';
import type { ModelProblem } from '../checks/model-checks.ts';
import type { Condition, Scalar } from '../schemas/condition.ts';
import type { Model } from '../schemas/model-schema.ts';
import { type Conjunction, normalized, type Part, toConjunction } from './conjunction.ts';

type Path = ModelProblem['path'];

/** What the mappings put into a field. */
export interface FieldFact {
  readonly kind: 'text' | 'number' | 'boolean' | 'instant' | 'country' | 'list';
  /** The values of its table; null = any value. */
  readonly values: readonly Scalar[] | null;
  /** Values of the CRM that the table translates, with what they become. */
  readonly translated: ReadonlyMap<string, Scalar>;
  /** What gives the values; default: `a table of the mapping`. */
  readonly origin?: string;
  /** The code of a country by its name, for `kind: country`. */
  toCode?(name: string): string | null;
}

export type FieldFacts = ReadonlyMap<string, FieldFact>;

export function findTypeMistakes(model: Model, facts: FieldFacts): ModelProblem[] {
  return conditionsOf(model).flatMap(({ condition, path, field }) =>
    partsOf(toConjunction(condition, field)).flatMap((part) => {
      const fact = facts.get(part.field);
      return fact === undefined ? [] : partProblems(part, fact, path);
    }),
  );
}

function partsOf({ parts, anyOf }: Conjunction): readonly Part[] {
  return [...parts, ...anyOf.flat().flatMap(partsOf)];
}

interface Located {
  readonly condition: Condition;
  readonly path: Path;
  readonly field?: string | undefined;
}

/** The conditions on fields, with their paths. */
export function conditionsOf({ fit, behavior, status }: Model): readonly Located[] {
  return [
    ...(fit?.criteria ?? []).flatMap(({ field, cases }, index) =>
      cases.map(({ when }, number) => {
        return { condition: when, path: ['fit', 'criteria', index, 'cases', number, 'when'], field };
      }),
    ),
    ...(fit?.overrides ?? []).map(({ when }, index) => ({
      condition: when,
      path: ['fit', 'overrides', index, 'when'],
    })),
    ...(behavior?.signals ?? []).flatMap((signal, index) => {
      if (signal.kind !== 'state') return [];
      return [{ condition: signal.when, path: ['behavior', 'signals', index, 'when'] }];
    }),
    ...(status.gates ?? []).map(({ unless }, index) => ({
      condition: unless,
      path: ['status', 'gates', index, 'unless'],
    })),
  ];
}

const WHAT: Readonly<Record<FieldFact['kind'], string>> = {
  text: 'a text',
  number: 'a number',
  boolean: 'true or false',
  instant: 'a date',
  country: 'a country code of two letters',
  list: 'a list of texts',
};

function partProblems(part: Part, fact: FieldFact, path: Path): ModelProblem[] {
  if (part.kind === 'equals') return valueProblems(part.field, part.values, fact, path);
  const isText = part.kind === 'text' || part.kind === 'matches';
  const isNever =
    (isText && (fact.kind === 'boolean' || fact.kind === 'number')) ||
    (part.kind === 'range' && ['boolean', 'instant', 'country', 'list'].includes(fact.kind));
  if (!isNever) return [];
  const operator =
    part.kind === 'text' ? part.operator : part.kind === 'matches' ? 'matches' : 'a comparison of numbers';
  const fix =
    fact.kind === 'boolean'
      ? 'Write is: true'
      : fact.kind === 'number'
        ? 'Write gte: 10, for example.'
        : 'Use is, one_of or contains.';
  return [{ level: 'error', path, message: `${part.field} is ${WHAT[fact.kind]}, so ${operator} never holds.`, fix }];
}

function valueProblems(field: string, values: readonly Scalar[], fact: FieldFact, path: Path): ModelProblem[] {
  const wrong = values.flatMap((value) => {
    const meant = meantValue(value, fact);
    return meant === undefined ? [] : [{ value, meant }];
  });
  const [first] = wrong;
  if (first === undefined) return [];
  const names = wrong
    .map(({ value }) => (typeof value === 'string' ? `the text "${value}"` : `the value ${value}`))
    .join(', ');
  const proposals = [...new Set(wrong.flatMap(({ meant }) => (meant === null ? [] : [JSON.stringify(meant)])))];
  const isTable = fact.values !== null;
  const isAll = wrong.length === values.length;
  const key = values.length === 1 ? `is: ${proposals[0]}` : `one_of with ${proposals.join(', ')}`;
  const fix =
    proposals.length > 0
      ? `Write ${key}`
      : isTable
        ? fact.origin === undefined
          ? 'Check the spelling; the table of the mapping has the values.'
          : `It is one of ${fact.values?.join(', ')}.`
        : 'Correct the value.';
  const what = isTable
    ? `comes from ${fact.origin ?? 'a table of the mapping'}, which does not give ${names}`
    : `is ${WHAT[fact.kind]}, never ${names}`;
  return [{ level: isAll && !isTable ? 'error' : 'warning', path, message: `${field} ${what}.`, fix }];
}

const YES = /^(yes|y|on|true|1|ja|oui|si)$/i;
const NO = /^(no|n|off|false|0|nein|non)$/i;

/** What to write instead; null = a wrong value without a proposal; undefined = the value can occur. */
function meantValue(value: Scalar, fact: FieldFact): Scalar | null | undefined {
  if (fact.values !== null) return meantInTable(value, fact.values, fact.translated);
  switch (fact.kind) {
    case 'boolean':
      return meantBoolean(value);
    case 'number':
      if (typeof value === 'number') return undefined;
      return Number.isFinite(Number(value)) ? Number(value) : null;
    case 'country':
      return meantCountry(value, fact);
    default:
      return typeof value === 'string' ? undefined : String(value);
  }
}

function meantInTable(value: Scalar, values: readonly Scalar[], translated: ReadonlyMap<string, Scalar>) {
  const text = normalized(String(value));
  if (values.some((each) => normalized(String(each)) === text)) return undefined;
  return translated.get(text) ?? closest(String(value), values.map(String));
}

function meantBoolean(value: Scalar): Scalar | null | undefined {
  if (typeof value === 'boolean') return undefined;
  if (YES.test(String(value))) return true;
  return NO.test(String(value)) ? false : null;
}

function meantCountry(value: Scalar, { toCode }: FieldFact): Scalar | null | undefined {
  const code = typeof value === 'string' ? (toCode?.(value) ?? null) : null;
  return code !== null && normalized(code) === normalized(String(value)) ? undefined : code;
}
