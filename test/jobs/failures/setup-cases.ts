// Every call of `npx leadgrade setup`, as the sandboxes' fault script can make it fail for ever. What follows is in the
// table of docs/operations.md.
import { z } from 'zod';
import type { SetupStep, WriteTarget } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { openCrm, TARGET } from '../../connectors/conformance/crm-under-test.ts';
import { control } from '../../support/sandbox-crm.ts';
import { actionOf, type Failure, type Match } from './policy-cases.ts';

export interface SetupCase {
  readonly crm: 'hubspot' | 'salesforce';
  /** As in the table. */
  readonly call: string;
  readonly match: Match;
  /** The call is made when everything exists, and the model has one more status. */
  readonly isAgain?: true;
}

const hubspot = (call: string, match: Match, isAgain?: true): SetupCase => {
  return { crm: 'hubspot', call: `setup: ${call}`, match, ...(isAgain && { isAgain }) };
};
const salesforce = (call: string, match: Match, isAgain?: true): SetupCase => {
  return { crm: 'salesforce', call: `setup: ${call}`, match, ...(isAgain && { isAgain }) };
};

const PROPERTIES = 'crm/properties/[^/]+/contacts';
const FIELDS = 'tooling/sobjects/CustomField';
const rows = (object: string) => ({ path: `FROM(%20|\\+)${object}(%20|\\+)` });

export const SETUP_CASES: readonly SetupCase[] = [
  hubspot('reading properties', { method: 'GET', path: `${PROPERTIES}$` }),
  hubspot('reading the property quota', { path: 'crm/limits/' }),
  hubspot('reading property groups', { method: 'GET', path: `${PROPERTIES}/groups` }),
  hubspot('creating the property group', { method: 'POST', path: `${PROPERTIES}/groups` }),
  hubspot('creating properties', { method: 'POST', path: `${PROPERTIES}$` }),
  hubspot('adding options', { method: 'PATCH', path: `${PROPERTIES}/` }, true),
  salesforce('description of Leads', { path: 'sobjects/Lead/describe' }),
  salesforce('reading fields', { path: 'tooling/query' }),
  salesforce('creating fields', { method: 'POST', path: FIELDS }),
  salesforce('reading one field', { method: 'GET', path: FIELDS }, true),
  salesforce('adding values', { method: 'PATCH', path: FIELDS }, true),
  salesforce('reading permission sets', rows('PermissionSet')),
  salesforce('reading granted fields', rows('FieldPermissions'), true),
  salesforce('creating permission sets', { method: 'POST', path: 'sobjects/PermissionSet$' }),
  salesforce('granting fields', { method: 'POST', path: 'sobjects/FieldPermissions' }),
  salesforce('reading who has permission sets', rows('PermissionSetAssignment'), true),
  salesforce('assigning the permission set', { method: 'POST', path: 'sobjects/PermissionSetAssignment' }),
];

const MORE: WriteTarget = { statuses: [...TARGET.statuses, { value: 'customer', label: 'Customer' }] };

export interface SetupObserved {
  /** `setup stops`, or `nothing`. */
  readonly cell: string;
  /** What a person reads. */
  readonly said: string;
  /** The steps of a second setup, when the CRM works again, and of a third. */
  readonly second: readonly SetupStep['state'][];
  readonly third: readonly SetupStep['state'][];
}

const logSchema = z.string();

/** Runs setup while a call fails for ever, then twice more. @throws when setup does not make the call */
export async function observeSetup({ crm, match, isAgain }: SetupCase, failure: Failure): Promise<SetupObserved> {
  const { sandbox, connect, signal } = await openCrm(crm, { people: 1 });
  const run = async (target: WriteTarget) => {
    // A process of its own, as each command is.
    const connector = connect({ timeoutMs: 1_500, retries: 0 });
    const states: SetupStep['state'][] = [];
    for await (const { state } of connector.applySetup(target, { dryRun: false }, signal)) states.push(state);
    return states;
  };
  const target = isAgain ? MORE : TARGET;
  if (isAgain) await run(TARGET);
  await control(sandbox.url, 'PUT', 'faults', [{ match, action: actionOf(failure) }]);
  const { cell, said } = await run(target).then(
    () => ({ cell: 'nothing', said: '' }),
    (error: unknown) => ({ cell: 'setup stops', said: messageOf(error) }),
  );
  const log = logSchema.parse(await control(sandbox.url, 'GET', 'log'));
  if (!log.includes('fault')) throw new Error(`Setup did not make the call. It made: ${log.slice(-2_000)}`);
  await control(sandbox.url, 'PUT', 'faults', []);
  return { cell, said, second: await run(target), third: await run(target) };
}

function messageOf(error: unknown): string {
  if (!(error instanceof ConnectorError)) throw error;
  return error.message;
}
