// The configuration of a lead score, as HubSpot's Lead Scoring API (beta) returns it: GET
// /marketing/lead-scoring/{2026-09-beta, 2027-03-beta}/scores/{scoreId}. Tolerant: both versions are
// read, and what is not known is kept as its type, to be named
// (github.com/HubSpot/HubSpot-public-api-spec-collection, Marketing/Lead Scoring, read 2026-11-30).
import { z } from 'zod';

const operationSchema = z.looseObject({
  operationType: z.string().optional(),
  type: z.string().optional(),
  operator: z.string(),
  value: z.union([z.string(), z.number(), z.boolean()]).optional(),
  values: z.array(z.string()).optional(),
  lowerBound: z.number().optional(),
  upperBound: z.number().optional(),
  numberOfDays: z.number().optional(),
  includeObjectsWithNoValueSet: z.boolean().optional(),
});
export type Operation = z.infer<typeof operationSchema>;

const conditionSchema = z.looseObject({
  type: z.string(),
  property: z.string().optional(),
  operation: operationSchema.optional(),
  get conditions() {
    return z.array(conditionSchema).optional();
  },
});
export type ScoreCondition = z.infer<typeof conditionSchema>;

const rangeSchema = z.looseObject({
  from: z.number(),
  to: z.number().nullish(),
  type: z.string().optional(),
  value: z.number(),
});

/** All kinds of calculation; `type` says which keys it has. */
const calculationSchema = z.looseObject({
  type: z.string(),
  value: z.number().optional(),
  property: z.string().optional(),
  matchRules: z.array(z.looseObject({ operation: operationSchema, value: z.number() })).optional(),
  defaultValue: z.number().optional(),
  whereCondition: conditionSchema.optional(),
  associatedObjectTypeId: z.string().optional(),
  associationFilters: z.unknown().optional(),
  segmentMembershipRules: z
    .array(z.looseObject({ operation: z.string(), segmentIds: z.array(z.number()), value: z.number() }))
    .optional(),
  get calculators() {
    return z.array(calculationSchema).optional();
  },
  get recordCalculation() {
    return calculationSchema.optional();
  },
  get eventCalculators() {
    return z.array(eventSchema).optional();
  },
});
export type Calculation = z.infer<typeof calculationSchema>;

const eventSchema = z.looseObject({
  eventTypeId: z.string(),
  get recordCalculation() {
    return calculationSchema;
  },
  eventFrequencyCriteria: z.looseObject({ ranges: z.array(rangeSchema) }).optional(),
  eventTimeframe: z.looseObject({ eventFilterOperation: operationSchema }).optional(),
});
export type EventCalculation = z.infer<typeof eventSchema>;

const ruleSchema = z.looseObject({
  enabled: z.boolean(),
  configuration: z.looseObject({ calculation: calculationSchema }),
  // 2026-09-beta says maximumValue, 2027-03-beta maxValue.
  maxValue: z.number().nullish(),
  maximumValue: z.number().nullish(),
});
export type ScoreRule = z.infer<typeof ruleSchema>;

const groupSchema = z.looseObject({
  groupName: z.string(),
  groupCategory: z.string(),
  groupDecay: z.looseObject({ decayIntervalDays: z.number(), percentToDecayPerInterval: z.number() }).nullish(),
  maxValue: z.number().nullish(),
  ruleConfigurations: z.array(ruleSchema),
});
export type ScoreGroup = z.infer<typeof groupSchema>;

const outputSchema = z.looseObject({
  outputType: z.string(),
  categories: z.array(z.string()).optional(),
  boundaries: z.unknown().optional(),
  propertyName: z.string().optional(),
});

export const scoreSchema = z.looseObject({
  id: z.string().optional(),
  name: z.string(),
  objectTypeId: z.string(),
  groupConfigs: z.array(groupSchema),
  filterConfiguration: z.looseObject({ listFilterType: z.string(), segmentIds: z.array(z.number()) }).nullish(),
  // 2026-09-beta says maxScore, 2027-03-beta maxScorePerCategory.
  maxScore: z.number().nullish(),
  maxScorePerCategory: z.number().nullish(),
  outputConfiguration: z.looseObject({ outputs: z.array(outputSchema) }).nullish(),
});
export type LeadScore = z.infer<typeof scoreSchema>;
