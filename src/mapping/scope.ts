// Decides which records are scored: `leads.where` of the mapping.
import type { Fields, Membership } from '../domain/lead.ts';
import { compileMembership } from '../scoring/compile/conditions.ts';
import { compileRawCondition } from './known-values.ts';
import type { Mapping } from './mapping.ts';

/**
 * Returns a function that tells whether a record is scored. An unknown condition keeps the record
 * in scope: a contact without a lifecycle stage is more likely a new lead than a customer.
 */
export function createScope(mapping: Mapping): (fields: Fields) => Membership {
  if (mapping.leads === undefined) return () => 'in';
  const { where } = mapping.leads;
  return compileMembership(where, compileRawCondition(where, mapping), 'in');
}
