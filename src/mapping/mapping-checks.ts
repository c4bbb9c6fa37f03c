// Checks shared by the mapping files: tables, names of fields and activity types.
import { CANONICAL_ACTIVITIES, CANONICAL_FIELDS } from '../domain/canonical.ts';
import type { Problem } from '../domain/problem.ts';
import { closest } from '../problems/suggest.ts';
import { formatPath, type Path, type Place } from '../yaml/paths.ts';

export type MakeProblem = (level: Problem['level'], path: Path, message: string, fix: string) => Problem;

export function problemMaker(file: string, locate: (path: Path) => Place): MakeProblem {
  return (level, path, message, fix) => ({ level, file, ...locate(path), path: formatPath(path), message, fix });
}

export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some(({ level }) => level === 'error');
}

interface TableUse {
  /** The path of the `table` key. */
  readonly path: Path;
  readonly table: string | undefined;
}

/** The tables that the fields of a mapping use. */
export function fieldTables(fields: Readonly<Record<string, object>>): readonly TableUse[] {
  return Object.entries(fields).flatMap(([field, source]) => {
    if (!('table' in source) || typeof source.table !== 'string') return [];
    return [{ path: ['fields', field, 'table'], table: source.table }];
  });
}

interface RuleWithAttributes {
  readonly attributes?: Readonly<Record<string, string | object>> | undefined;
}

/** The tables that the attributes of activity rules use. */
export function attributeTables(rules: readonly RuleWithAttributes[] = []): readonly TableUse[] {
  return rules.flatMap((rule, index) =>
    Object.entries(rule.attributes ?? {}).flatMap(([attribute, source]) => {
      if (typeof source === 'string' || !('table' in source) || typeof source.table !== 'string') return [];
      return [{ path: ['activities', index, 'attributes', attribute, 'table'], table: source.table }];
    }),
  );
}

/** An error for each use of a table that the file does not define. */
export function tableProblems(uses: readonly TableUse[], tables: object = {}, problem: MakeProblem): Problem[] {
  return uses.flatMap(({ path, table }) => {
    if (table === undefined || Object.hasOwn(tables, table)) return [];
    const meant = closest(table, Object.keys(tables));
    const message = meant === null ? `unknown table "${table}".` : `unknown table "${table}": did you mean ${meant}?`;
    return [problem('error', path, message, 'Add it under tables, or remove this line.')];
  });
}

const OWN_NAME = 'Keep it if your model uses this name; otherwise check the spelling.';

function unknownName(kind: string, name: string, known: readonly string[], problem: MakeProblem, path: Path): Problem {
  const noun = `unknown ${kind}`;
  const meant = closest(name, known);
  if (meant !== null) return problem('warning', path, `${noun} "${name}": did you mean ${meant}?`, OWN_NAME);
  return { ...problem('warning', path, `${noun} "${name}".`, OWN_NAME), listed: { noun, name } };
}

/** A warning for each key of `fields` that is not canonical. */
export function fieldNameProblems(fields: object, problem: MakeProblem): Problem[] {
  return Object.keys(fields)
    .filter((field) => !CANONICAL_FIELDS.includes(field))
    .map((field) => unknownName('field', field, CANONICAL_FIELDS, problem, ['fields', field]));
}

/** A warning for each activity type that is not canonical. */
export function activityTypeProblems(
  types: readonly { readonly type: string; readonly path: Path }[],
  problem: MakeProblem,
): Problem[] {
  return types
    .filter(({ type }) => !Object.hasOwn(CANONICAL_ACTIVITIES, type))
    .map(({ type, path }) => unknownName('activity type', type, Object.keys(CANONICAL_ACTIVITIES), problem, path));
}

/** The types of activity rules, with their paths. */
export function ruleTypes(
  rules: readonly { readonly type: string }[] = [],
): readonly { readonly type: string; readonly path: Path }[] {
  return rules.map(({ type }, index) => ({ type, path: ['activities', index, 'type'] }));
}
