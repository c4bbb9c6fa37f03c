// What a condition may say, in the model and in `leads.where` of a mapping. Types and schemas; conditions.ts compiles them.
import { RE2JS } from 're2js';
import { z } from 'zod';
import { oneOfShapes } from './schema-shapes.ts';

const scalarSchema = z.union([z.string(), z.number(), z.boolean()], 'expected text, a number, true or false');
export type Scalar = z.infer<typeof scalarSchema>;

/** Conditions on one value; every operator that is given must hold. */
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

/** Operators on `field` (or the field around it), and conditions on several fields; all of them must hold. */
export interface Condition extends Operators {
  readonly field?: string | undefined;
  readonly all?: readonly Condition[] | undefined;
  readonly any?: readonly Condition[] | undefined;
}

const expressionSchema = z.string().superRefine((expression, context) => {
  try {
    RE2JS.compile(expression);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    context.addIssue({
      code: 'custom',
      message: `no RE2 expression: ${reason} (RE2 has no lookaround or back references)`,
    });
  }
});

const operatorShape = {
  is: scalarSchema
    .optional()
    .describe(
      'Equal to this. In text, spaces around it and upper or lower case do not matter; 12 and "12" are different.',
    ),
  one_of: z.array(scalarSchema).optional().describe('Equal to one of these.'),
  contains: z.array(z.string()).optional().describe('Text that contains one of these, anywhere.'),
  starts_with: z.array(z.string()).optional().describe('Text that begins with one of these.'),
  has_word: z
    .array(z.string())
    .optional()
    .describe('Text that contains one of these as a whole word: vp is in "VP, Sales", not in "MVP".'),
  matches: expressionSchema
    .optional()
    .describe('Text in which this RE2 expression is found. Upper and lower case matter, unless it begins with (?i).'),
  gte: z.number().optional().describe('A number of at least this.'),
  gt: z.number().optional().describe('A number above this.'),
  lte: z.number().optional().describe('A number of at most this.'),
  lt: z.number().optional().describe('A number below this.'),
  present: z
    .boolean()
    .optional()
    .describe('true: the value is known. false: it is unknown. No other operator can tell.'),
  not: z
    .lazy((): z.ZodType<Operators> => operatorsSchema)
    .optional()
    .describe('The operators inside do not hold. What is unknown stays unknown.'),
};
const NO_OPERATOR = `a condition needs an operator: one of ${Object.keys(operatorShape).join(', ')}`;

const operatorsSchema: z.ZodType<Operators> = z
  .strictObject(operatorShape)
  .refine(hasOperator, NO_OPERATOR)
  .meta({ id: 'operators', minProperties: 1 });

/** The schema of a condition. That every operator has a field to look at depends on what is around it: see `lacksField`. */
export const conditionSchema: z.ZodType<Condition> = z
  .strictObject({
    field: z
      .string()
      .min(1)
      .optional()
      .describe('What the operators look at. When left out: the field of the criterion or condition around it.'),
    ...operatorShape,
    all: z
      .lazy(() => z.array(conditionSchema).min(1))
      .optional()
      .describe('Conditions that must all hold.'),
    any: z
      .lazy(() => z.array(conditionSchema).min(1))
      .optional()
      .describe('Conditions of which one must hold.'),
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

/** Every field that the condition looks at, once, in file order. */
export function conditionFields(condition: Condition, defaultField?: string): string[] {
  const field = condition.field ?? defaultField;
  const own = hasOperator(condition) && field !== undefined ? [field] : [];
  const nested = [...(condition.all ?? []), ...(condition.any ?? [])].flatMap((each) => conditionFields(each, field));
  return [...new Set([...own, ...nested])];
}

/** Whether an operator stands somewhere without a field to look at. */
export function lacksField(condition: Condition, defaultField?: string): boolean {
  const field = condition.field ?? defaultField;
  if (field === undefined && hasOperator(condition)) return true;
  return [...(condition.all ?? []), ...(condition.any ?? [])].some((each) => lacksField(each, field));
}
