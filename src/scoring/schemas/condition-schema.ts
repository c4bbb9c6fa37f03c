// The schema of a condition, for models and mappings. Types and schemas only; conditions.ts compiles
// them.
import { z } from 'zod';
import { expressionProblem } from './expression-problem.ts';
import { oneOfShapes } from './schema-shapes.ts';

const scalarSchema = z.union([z.string(), z.number(), z.boolean()], 'must be a text, a number, true or false');
export type Scalar = z.infer<typeof scalarSchema>;

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

const expressionSchema = z.string().superRefine((expression, context) => {
  const problem = expressionProblem(expression);
  if (problem === null) return;
  context.addIssue({ code: 'custom', message: `the pattern cannot be read: ${problem.what}`, params: problem });
});

const operatorShape = {
  is: scalarSchema
    .optional()
    .describe(
      'Equal to this. In text, surrounding spaces and upper or lower case do not matter; 12 and "12" are different.',
    ),
  one_of: z.array(scalarSchema).optional().describe('Equal to one of these.'),
  contains: z.array(z.string()).optional().describe('Text that contains one of these, anywhere.'),
  starts_with: z.array(z.string()).optional().describe('Text that begins with one of these.'),
  has_word: z
    .array(z.string())
    .optional()
    .describe('Text that contains one of these as a whole word: vp matches "VP, Sales", not "MVP".'),
  matches: expressionSchema
    .optional()
    .describe('Text in which this RE2 expression matches. Case matters, unless the expression begins with (?i).'),
  gte: z.number().optional().describe('A number of at least this.'),
  gt: z.number().optional().describe('A number above this.'),
  lte: z.number().optional().describe('A number of at most this.'),
  lt: z.number().optional().describe('A number below this.'),
  present: z
    .boolean()
    .optional()
    .describe('true: the value is known. false: it is unknown. The only operator that tests this.'),
  not: z
    .lazy((): z.ZodType<Operators> => operatorsSchema)
    .optional()
    .describe('The operators inside must not hold. An unknown value stays unknown.'),
};
const OPERATORS = Object.keys(operatorShape).join(', ');
const NO_OPERATOR = `a condition needs an operator: ${OPERATORS}`;

const operatorsSchema: z.ZodType<Operators> = z
  .strictObject(operatorShape)
  .refine(hasOperator, NO_OPERATOR)
  .meta({ id: 'operators', minProperties: 1 });

/**
 * The schema of a condition. That every operator has a field to look at depends on what is around
 * it: see `lacksField`.
 */
export const conditionSchema: z.ZodType<Condition> = z
  .strictObject({
    field: z
      .string()
      .min(1)
      .optional()
      .describe('The field that the operators test. Default: the field of the enclosing criterion or condition.'),
    ...operatorShape,
    all: z
      .lazy(() => z.array(conditionSchema).min(1))
      .optional()
      .describe('Conditions that must all hold.'),
    any: z
      .lazy(() => z.array(conditionSchema).min(1))
      .optional()
      .describe('Conditions of which at least one must hold.'),
  })
  .refine(
    (condition) => hasOperator(condition) || condition.all !== undefined || condition.any !== undefined,
    `${NO_OPERATOR}, all, any`,
  )
  .meta({ id: 'condition', ...oneOfShapes({ needs: ['field'], atLeast: 2 }, { lacks: ['field'], atLeast: 1 }) });

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
