// Person accounts: one person that is an Account and a Contact. Salesforce refuses updates of the
// Contact; a custom field of Contact is also a field of the Account, whose name ends in __pc.
// https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_guidelines_personaccounts.htm
import type { ScorePatch, SetupCheck, WriteResult } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { writtenFields } from '../../../src/mapping/write-back.ts';
import type { SalesforceParts } from '../parts.ts';
import { textOf } from '../people/person-mapping.ts';
import { readByIds } from '../query/read-by-ids.ts';
import { compare } from '../query/soql.ts';
import type { CollectionForm } from './write-collection.ts';

const FIX =
  'Let the integration user read and edit Account (object permissions). The fields themselves are granted with those of Contact. Scores can only be written to custom fields (__c) of person accounts.';

/** Whether the org has person accounts. */
async function hasPersonAccounts({ schema }: SalesforceParts, signal: AbortSignal): Promise<boolean> {
  return (await schema.describe('Contact', signal))?.fields.has('ispersonaccount') === true;
}

/** The IDs of the Accounts of those Contacts that are person accounts, by the ID of the Contact. */
export async function accountsOfPeople(
  parts: SalesforceParts,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0 || !(await hasPersonAccounts(parts, signal))) return new Map();
  const query = {
    what: 'finding person accounts',
    from: 'Contact',
    fields: ['AccountId'],
    where: compare('IsPersonAccount', '=', true),
    ids,
  };
  const { rows } = await readByIds(parts, query, signal);
  return new Map(
    rows.flatMap(({ id, values }) => {
      const account = textOf(values.AccountId);
      return account === null ? [] : [[id, account] as const];
    }),
  );
}

/** The form of person accounts: their Account with the fields of the Contact. */
export function throughAccounts(accounts: ReadonlyMap<string, string>): CollectionForm {
  return { object: 'Account', idOf: ({ ref }) => accounts.get(ref.id) ?? '', nameOf: accountField };
}

function accountField(property: string): string {
  return property.replace(/__c$/i, '__pc');
}

/** The fields that this user cannot write through the Account: `Account.Leadgrade_Status__pc`. */
export async function unwritableFields(
  { schema, mapping }: SalesforceParts,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const described = await schema.describe('Account', signal);
  const names = writtenFields(mapping).map(({ property }) => accountField(property));
  return names
    .filter((name) => described?.updateable !== true || described.fields.get(name.toLowerCase())?.updateable !== true)
    .map((name) => `Account.${name}`);
}

/** For person accounts whose Account this user cannot write. */
export function unwritableResults(patches: readonly ScorePatch[], fields: readonly string[]): readonly WriteResult[] {
  const message = `The record is a person account, and the integration user may not write ${fields.join(', ')}`;
  const code = 'INVALID_PERSON_ACCOUNT_OPERATION';
  const error = new ConnectorError({ kind: 'invalid', crm: 'salesforce', message, code, fix: FIX });
  return patches.map(({ ref }) => ({ kind: 'failed', ref, error }));
}

/** Empty if the org has no person accounts. */
export async function checkPersonAccounts(parts: SalesforceParts, signal: AbortSignal): Promise<readonly SetupCheck[]> {
  if (!(await hasPersonAccounts(parts, signal))) return [];
  const what = 'person accounts';
  const fields = await unwritableFields(parts, signal);
  if (fields.length === 0) return [{ what, level: 'ok', detail: 'their scores are written through the Account' }];
  const detail = `the org has them, and the integration user may not write ${fields.join(', ')}: their scores stay unwritten`;
  return [{ what, level: 'warning', detail, fix: FIX }];
}
