// What the model asks and the data does not give, one line each: unknown fields lower the coverage,
// and missing activity types count as never happened.
import type { CompiledModel } from '../../src/scoring/compile/compile.ts';
import { missingFields, modelActivities, modelFields } from '../../src/scoring/model-fields.ts';

/**
 * @param given the fields that the mapping gives, each with the columns or properties it is read from
 * @param where the words for what does not give them: `the mapping`
 * @returns null if every field of the model is given
 */
export function missingFieldsLine(
  model: CompiledModel,
  given: ReadonlyMap<string, string>,
  where: string,
): string | null {
  const missing = missingFields(model, (field) => given.has(field));
  if (missing === null) return null;
  const asked = modelFields(model);
  const twins = missing.fields.flatMap((field) => {
    const twin = [...given].find(([each]) => !asked.has(each) && nameOf(each) === nameOf(field));
    if (twin === undefined) return [];
    return [` It gives ${twin[0]}; if that is the same here, write ${field}: ${twin[1]}.`];
  });
  return `The model asks for ${missing.fields.join(', ')}, which ${where} does not give: unknown for every lead${missing.share}.${twins.join('')}`;
}

function nameOf(field: string): string {
  return field.slice(field.lastIndexOf('.') + 1);
}

/** @param covered the activity types that the mapping gives, or lists under `unobserved` */
export function missingActivitiesLine(model: CompiledModel, covered: readonly string[]): string | null {
  const missing = modelActivities(model).filter((type) => !covered.includes(type));
  if (missing.length === 0) return null;
  return (
    `The model counts ${missing.join(', ')}, which the mapping does not give: each counts as never happened. ` +
    `If the file cannot show them, write unobserved: [${missing.join(', ')}].`
  );
}
