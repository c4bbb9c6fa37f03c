// What differs between two lists of models, in words. Pure.
import { modelDifferences } from './model-differences.ts';

export interface ListedModel {
  /** Null: the first model. */
  readonly key: string | null;
  /** As its list calls it. */
  readonly label: string;
  readonly role: 'live' | 'shadow';
  /** The JSON of a condition; null = all leads. */
  readonly where: string | null;
  readonly hash: string;
  /** The model file as parsed YAML. */
  readonly content: unknown;
}

/** A line for each difference; those of models beside the first one begin with their name. */
export function modelsDifferences(before: readonly ListedModel[], after: readonly ListedModel[]): readonly string[] {
  const isOne = before.length <= 1 && after.length <= 1;
  const former = new Map(before.map((model) => [model.key, model]));
  const added = after.flatMap((model) => {
    const other = former.get(model.key);
    if (other === undefined) return [`${model.label}: a new model (${model.role})`];
    const prefix = isOne ? '' : `${model.label}: `;
    return differencesOf(other, model).map((line) => prefix + line);
  });
  const next = new Set(after.map(({ key }) => key));
  return [...added, ...before.filter(({ key }) => !next.has(key)).map(({ label }) => `${label}: no model any more`)];
}

function differencesOf(before: ListedModel, after: ListedModel): readonly string[] {
  return [
    ...(before.role === after.role ? [] : [`role: ${before.role} → ${after.role}`]),
    ...(before.where === after.where ? [] : ['where: scores other leads']),
    ...(before.hash === after.hash ? [] : modelDifferences(before.content, after.content)),
  ];
}
