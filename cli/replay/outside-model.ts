// Why a model of several does not score a lead.
import type { ScoredModel } from '../../jobs/context.ts';
import { applies } from '../../jobs/score/score-chunk.ts';
import type { Lead } from '../../src/domain/lead.ts';
import { isKnown } from '../../src/mapping/project-fields.ts';
import { conditionFields } from '../../src/scoring/schemas/condition.ts';

type Where = Pick<ScoredModel, 'where'>;

/**
 * `contact.lifecycle is lead`; null = the model scores the lead.
 * @param previous its last result by the model
 */
export function outsideOf({ where }: Where, { fields }: Pick<Lead, 'fields'>, previous: object | null): string | null {
  if (where === null || applies({ where }, { fields }, previous)) return null;
  return conditionFields(where.condition)
    .map((field) => `${field} is ${shown(fields[field])}`)
    .join(' and ');
}

function shown(value: Lead['fields'][string] | undefined): string {
  if (!isKnown(value)) return 'unknown';
  return Array.isArray(value) ? value.filter(isKnown).join(', ') : String(value);
}
