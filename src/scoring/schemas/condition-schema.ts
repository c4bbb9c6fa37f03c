// The schema of a condition, for models and mappings.
import { z } from 'zod';
import { type Condition, hasOperator, type Operators } from './condition.ts';
import { expressionProblem } from './expression-problem.ts';
import { oneOfShapes } from './schema-shapes.ts';

const scalarSchema = z.union([z.string(), z.number(), z.boolean()], 'must be a text, a number, true or false');

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
