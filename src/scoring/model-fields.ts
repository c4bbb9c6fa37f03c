// What a model asks of a lead, to compare it with what a mapping gives.
import type { CompiledModel } from './compile/compile.ts';

/** Fields that the product makes of another one (src/titles), which a mapping must give. */
const MADE_OF: Readonly<Record<string, string>> = {
  'contact.title_level': 'contact.job_title',
  'contact.title_department': 'contact.job_title',
};

/** The field that a mapping gives for this one. */
export function givenField(field: string): string {
  return Object.hasOwn(MADE_OF, field) ? (MADE_OF[field] ?? field) : field;
}

/**
 * The fields that the model needs from a mapping, without duplicates, each with its share of the fit
 * points.
 */
export function modelFields({ fit, behavior, status }: CompiledModel): ReadonlyMap<string, number> {
  const points = new Map<string, number>();
  const add = (fields: readonly string[], attainable: number): void => {
    for (const field of new Set(fields.map(givenField))) {
      points.set(field, (points.get(field) ?? 0) + attainable);
    }
  };
  for (const { fields, attainable } of fit.criteria) add(fields, attainable);
  for (const { fields } of fit.overrides) add(fields, 0);
  for (const signal of behavior.signals) if (signal.kind === 'state') add(signal.fields, 0);
  for (const { lift } of status.gates) add(lift, 0);
  return new Map([...points].map(([field, sum]) => [field, fit.attainable === 0 ? 0 : sum / fit.attainable]));
}

export interface MissingFields {
  readonly fields: readonly string[];
  /** `, with 45 % of the fit points`, or empty. */
  readonly share: string;
}

/** The fields that the model needs and that are not given; null: all are given. */
export function missingFields(model: CompiledModel, isGiven: (field: string) => boolean): MissingFields | null {
  const missing = [...modelFields(model)].filter(([field]) => !isGiven(field));
  if (missing.length === 0) return null;
  const percent = Math.round(100 * missing.reduce((sum, [, share]) => sum + share, 0));
  const share = percent === 0 ? '' : `, with ${Math.min(percent, 100)} % of the fit points`;
  return { fields: missing.map(([field]) => field), share };
}

/** The activity types that the model counts. */
export function modelActivities({ behavior }: CompiledModel): readonly string[] {
  return [...behavior.subscriptions.keys()];
}
