// Person accounts: an Account and a Contact that are one person.
// https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_guidelines_personaccounts.htm
import { type FieldDefinition, readOnly } from './field.ts';
import { ACCOUNT, CONTACT } from './people-objects.ts';
import type { Schema } from './schema.ts';

export function enablePersonAccounts(schema: Schema): void {
  for (const object of [ACCOUNT, CONTACT]) {
    schema.define(object, readOnly('IsPersonAccount', 'boolean', { label: 'Is Person Account' }));
  }
  schema.define(ACCOUNT, readOnly('PersonContactId', 'reference', { referenceTo: ['Contact'] }));
}

/** A custom field of Contact is a field of Account as well. */
export function defineOnAccount(schema: Schema, field: FieldDefinition): void {
  if (schema.anyField(ACCOUNT, 'IsPersonAccount') === undefined) return;
  schema.define(ACCOUNT, { ...field, name: field.name.replace(/__c$/, '__pc') });
}

/** The field of Contact behind a field of Account: `Score__c` for `Score__pc`; null for any other. */
export function contactField(name: string): string | null {
  return name.endsWith('__pc') ? name.replace(/__pc$/, '__c') : null;
}
