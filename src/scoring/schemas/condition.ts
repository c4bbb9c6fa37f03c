// A condition of a model or mapping: what it may contain, and which fields it reads. Loads no schema,
// so that a model that was checked before is compiled without one.

export type Scalar = string | number | boolean;

/** Conditions on one value; every given operator must hold. */
export interface Operators {
  readonly is?: Scalar | undefined;
  readonly one_of?: readonly Scalar[] | undefined;
  readonly contains?: readonly string[] | undefined;
  readonly starts_with?: readonly string[] | undefined;
  readonly has_word?: readonly string[] | undefined;
  /** An RE2 expression. */
  readonly matches?: string | undefined;
  readonly gte?: number | undefined;
  readonly gt?: number | undefined;
  readonly lte?: number | undefined;
  readonly lt?: number | undefined;
  readonly present?: boolean | undefined;
  readonly not?: Operators | undefined;
}

/** Operators on `field` (or the inherited field), and nested conditions; all of them must hold. */
export interface Condition extends Operators {
  readonly field?: string | undefined;
  readonly all?: readonly Condition[] | undefined;
  readonly any?: readonly Condition[] | undefined;
}

/** Whether any operator on the condition's own value is given. */
export function hasOperator(operators: Operators): boolean {
  const { is, one_of, contains, starts_with, has_word, matches, gte, gt, lte, lt, present, not } = operators;
  const given = [is, one_of, contains, starts_with, has_word, matches, gte, gt, lte, lt, present, not];
  return given.some((each) => each !== undefined);
}

/** The fields that the condition reads, without duplicates, in file order. */
export function conditionFields(condition: Condition, defaultField?: string): string[] {
  const field = condition.field ?? defaultField;
  const own = hasOperator(condition) && field !== undefined ? [field] : [];
  const nested = [...(condition.all ?? []), ...(condition.any ?? [])].flatMap((each) => conditionFields(each, field));
  return [...new Set([...own, ...nested])];
}

/** Whether any operator of the condition has no field. */
export function lacksField(condition: Condition, defaultField?: string): boolean {
  const field = condition.field ?? defaultField;
  if (field === undefined && hasOperator(condition)) return true;
  return [...(condition.all ?? []), ...(condition.any ?? [])].some((each) => lacksField(each, field));
}
