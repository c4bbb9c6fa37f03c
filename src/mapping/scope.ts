// Decides which records are scored: `leads.where` of the mapping.
import type { Fields } from '../domain/lead.ts';
import { compileRawCondition } from './known-values.ts';
import type { Mapping } from './mapping.ts';

/**
 * Returns a function that tells whether a record is scored. An unknown condition keeps the record
 * in scope: a contact without a lifecycle stage is more likely a new lead than a customer.
 */
export function createScope(mapping: Mapping): (fields: Fields) => boolean {
  if (mapping.leads === undefined) return () => true;
  const where = compileRawCondition(mapping.leads.where, mapping);
  return (fields) => where(fields) !== 'unmatched';
}
