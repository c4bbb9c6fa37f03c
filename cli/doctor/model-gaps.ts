// What the model asks and no mapping gives: such fields are unknown for every lead.
import type { CompiledModel } from '../../src/scoring/compile/compile.ts';
import { modelFields } from '../../src/scoring/model-fields.ts';
import type { Finding } from './finding.ts';

/** @param given the fields that the mappings of all configured CRMs give */
export function modelGapFindings(model: CompiledModel, given: ReadonlySet<string>): readonly Finding[] {
  const asked = modelFields(model);
  const missing = [...asked.keys()].filter((field) => !given.has(field));
  if (missing.length === 0) return [];
  const share = Math.round(100 * missing.reduce((sum, field) => sum + (asked.get(field) ?? 0), 0));
  const points = share === 0 ? '' : `, with ${Math.min(share, 100)} % of the fit points`;
  return [
    {
      part: 'leadgrade',
      what: 'mapping',
      level: 'warning',
      detail: `the model asks for ${missing.join(', ')}, which no mapping gives: unknown for every lead${points}`,
      fix: `Add a line for each under "fields", for example ${missing[0]}: { from: object.property }.`,
    },
  ];
}
