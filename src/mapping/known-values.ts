// Conditions of a mapping see the CRM's own properties and the cells of a file. "N/A" is unknown
// there, too, as in a field, unless the condition itself names it.
import { type Condition, compileCondition, conditionFields, type FieldTest } from '../scoring/compile/conditions.ts';
import { type UnknownSettings, unknownTexts } from './values/unknown-texts.ts';

/** @param settings the mapping, with its lists of texts */
export function compileRawCondition(condition: Condition, settings: UnknownSettings): FieldTest {
  const holds = compileCondition(condition);
  const fields = conditionFields(condition).map((name) => {
    return { name, unknown: unknownTexts(settings, comparedTexts(condition, name)) };
  });
  return (properties) => {
    const replaced = fields.filter(({ name, unknown }) => {
      const value = properties[name];
      return typeof value === 'string' && value.trim() !== '' && unknown(value) !== null;
    });
    if (replaced.length === 0) return holds(properties);
    return holds({ ...properties, ...Object.fromEntries(replaced.map(({ name }) => [name, null])) });
  };
}

/** The texts that a condition compares a field with: they are values, whatever they usually mean. */
export function comparedTexts(condition: Condition, field: string, inherited?: string): readonly string[] {
  const own = condition.field ?? inherited;
  const { is, one_of = [], not, all = [], any = [] } = condition;
  const texts = own === field ? [is, ...one_of].flatMap((value) => (typeof value === 'string' ? value : [])) : [];
  const nested: readonly Condition[] = [...all, ...any, ...(not === undefined ? [] : [not])];
  return [...texts, ...nested.flatMap((each) => comparedTexts(each, field, own))];
}
