// A few rows of the policy table; policy-*.long.test.ts try all of them in turn.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  allowed,
  BULK_CASES,
  HUBSPOT_CASES,
  observe,
  openSalesforceScene,
  SALESFORCE_CASES,
  type Scene,
} from './policy-cases.ts';
import { policyTable } from './policy-table.ts';
import { SETUP_CASES } from './setup-cases.ts';

test('the policy table has a row for each call that the tests make fail', () => {
  const calls = [
    ...HUBSPOT_CASES.map(({ call }) => `hubspot ${call}`),
    ...[...SALESFORCE_CASES, ...BULK_CASES].map(({ call }) => `salesforce ${call}`),
    ...SETUP_CASES.map(({ crm, call }) => `${crm} ${call}`),
  ];
  const rows = policyTable().map(({ crm, call }) => `${crm} ${call}`);
  expect(rows.toSorted()).toEqual(calls.toSorted());
});

describe('in Salesforce', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openSalesforceScene(30);
  });
  afterAll(() => scene.close());
  const EVERYTHING = { record: true, form: true, meeting: true, deal: true };

  function caseOf(call: string) {
    const found = SALESFORCE_CASES.find((each) => each.call === call);
    const row = policyTable().find((each) => each.crm === 'salesforce' && each.call === call);
    if (found === undefined || row === undefined) throw new Error(`There is no call "${call}".`);
    return { found, row };
  }

  test.each([
    { call: 'changed events', failure: '500' },
    { call: 'changed tasks', failure: '404' },
  ] as const)('$call that fail for ever with $failure leave every other score fresh', async ({ call, failure }) => {
    const { found, row } = caseOf(call);
    const { cell, scored } = await observe(scene, found, () => found.all, failure);
    expect({ cell, scored }).toEqual({ cell: row.all[failure], scored: allowed(scene, cell) });
  });

  test.each([
    { call: 'Leads by ID', failure: '500' },
    { call: 'writing scores', failure: '500' },
  ] as const)('$call: one Lead that fails for ever with $failure leaves every other score fresh', async (each) => {
    const { found, row } = caseOf(each.call);
    const one = found.one ?? (() => found.all);
    expect(await observe(scene, found, one, each.failure)).toEqual({ cell: row.one, scored: EVERYTHING });
  });
});
