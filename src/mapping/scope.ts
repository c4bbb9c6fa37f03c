// Who is scored: the mapping's `leads.where`.
import type { Fields } from '../domain/lead.ts';
import { compileCondition } from '../scoring/compile/conditions.ts';
import type { Mapping } from './mapping.ts';

/**
 * Tells whether a record is scored. Only a condition that is known not to hold leaves one out: a contact whose lifecycle
 * nobody filled in is more likely a new lead than a customer.
 */
export function createScope(mapping: Mapping): (fields: Fields) => boolean {
  if (mapping.leads === undefined) return () => true;
  const where = compileCondition(mapping.leads.where);
  return (fields) => where(fields) !== 'unmatched';
}
