// Turns a score result into the values of our score fields in the CRM.
import {
  SCORE_FIELDS,
  type ScoreField,
  type ScoreFieldValues,
  type ScoreKey,
  scoreKey,
} from '../domain/score-fields.ts';
import type { ScoreResult } from '../domain/score-result.ts';

/**
 * All score fields from one result, so that the values in the CRM add up. `explanation` is the
 * finished text.
 */
export function toScoreFields(result: ScoreResult, explanation: string): ScoreFieldValues {
  return {
    fit_grade: result.grade,
    fit_score: result.fit.score,
    behavior_score: result.behavior.score,
    total_score: result.total,
    status: result.status,
    explanation,
    scored_at: wholeSeconds(result.asOf),
    model: result.model,
  };
}

/**
 * Salesforce stores whole seconds; a fraction would make its value differ from ours permanently.
 */
function wholeSeconds(at: number): string {
  return new Date(Math.floor(at / 1_000) * 1_000).toISOString();
}

/** All score fields of one model empty. */
export function clearedScoreFields(): ScoreFieldValues {
  return Object.fromEntries(SCORE_FIELDS.map((field) => [field, null]));
}

type Properties<T> = { readonly [field in ScoreField]?: T | undefined };

/** The part of a mapping that names the properties of our fields. */
export interface WriteBack {
  readonly write_back: Properties<string> & {
    /** By the key of a model beside the first one. */
    readonly models?: Readonly<Record<string, Properties<string | false>>> | undefined;
  };
}

export interface WrittenField {
  /** Its name in the values of a record. */
  readonly key: ScoreKey;
  /** The key of the model; null = the first one. */
  readonly model: string | null;
  readonly field: ScoreField;
  readonly property: string;
}

/** The score fields that the mapping writes to the CRM, in a fixed order, with their properties. */
export function writtenFields({ write_back: { models = {}, ...first } }: WriteBack): readonly WrittenField[] {
  const fieldsOf = (model: string | null, properties: Properties<string | false>) =>
    SCORE_FIELDS.flatMap((field): WrittenField[] => {
      const property = properties[field];
      return property === undefined || property === false
        ? []
        : [{ key: scoreKey(model, field), model, field, property }];
    });
  return [
    ...fieldsOf(null, first),
    ...Object.entries(models).flatMap(([model, properties]) => fieldsOf(model, properties)),
  ];
}

/** The properties that two fields write, whatever their model. */
export function sharedProperties(
  mapping: WriteBack,
): readonly { readonly path: readonly string[]; readonly property: string; readonly other: ScoreKey }[] {
  const keys = new Map<string, ScoreKey>();
  return writtenFields(mapping).flatMap(({ key, model, field, property }) => {
    const other = keys.get(property.toLowerCase());
    keys.set(property.toLowerCase(), other ?? key);
    if (other === undefined) return [];
    return [{ path: ['write_back', ...(model === null ? [] : ['models', model]), field], property, other }];
  });
}

/**
 * The mapping with the properties of all models that write, and of no other.
 * @param models the models that write, beside the first one
 * @param propertyOf the default name of a property
 */
export function withModelFields<M extends WriteBack>(
  mapping: M,
  models: readonly string[],
  propertyOf: (model: string, field: ScoreField) => string,
): M {
  const { models: given = {}, ...first } = mapping.write_back;
  if (models.length === 0) return { ...mapping, write_back: first };
  const fields = SCORE_FIELDS.filter((field) => first[field] !== undefined);
  const resolved = models.map((model) => {
    const defaults = Object.fromEntries(fields.map((field) => [field, propertyOf(model, field)]));
    return [model, { ...defaults, ...given[model] }] as const;
  });
  return { ...mapping, write_back: { ...first, models: Object.fromEntries(resolved) } };
}
