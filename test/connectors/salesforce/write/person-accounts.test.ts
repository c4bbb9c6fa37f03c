// Person accounts: a person that is an Account and a Contact, whose Contact Salesforce does not let
// others update.
import { afterEach, expect, test } from 'vitest';
import { applySetup } from '../../../../connectors/salesforce/setup/apply-setup.ts';
import { checkSetup } from '../../../../connectors/salesforce/setup/check-setup.ts';
import { createScoreWriter } from '../../../../connectors/salesforce/write/write-scores.ts';
import { peopleWithDeals } from '../../../../sandbox/test/salesforce/sandbox-under-test.ts';
import { type ConnectedOrg, connectedOrg, SIGNAL } from '../salesforce-fixture.ts';

const opened: ConnectedOrg[] = [];
afterEach(async () => {
  for (const { org } of opened.splice(0)) await org.close();
});

/** An org with two contacts, of which the first is a person account. */
async function orgWithPersonAccount() {
  const connected = await connectedOrg({ dataset: peopleWithDeals(4, [0, 1]), personAccounts: true });
  opened.push(connected);
  const { org, parts } = connected;
  for await (const _step of applySetup(parts, { statuses: [] }, { dryRun: false }, SIGNAL));
  await org.control('POST', '/person-account', { contactId: org.contact(0) });
  const writer = createScoreWriter(parts);
  const write = () =>
    writer(
      [0, 1].map((number) => ({ ref: { object: 'Contact', id: org.contact(number) }, values: { total_score: 26 } })),
      SIGNAL,
    );
  const scoreOf = async (number: number) =>
    (await org.control('GET', `/records/Contact/${org.contact(number)}`)).body.values.Leadgrade_Total_Score__c;
  const personAccounts = async () => {
    const checks = await checkSetup({ ...parts, readers: [] }, { statuses: [] }, SIGNAL);
    return checks.filter(({ what }) => what === 'person accounts');
  };
  return { org, write, scoreOf, personAccounts };
}

test('the scores of a person account are written through its Account, those of other contacts directly', async () => {
  const { write, scoreOf, personAccounts } = await orgWithPersonAccount();
  expect((await write()).map(({ kind }) => kind)).toEqual(['written', 'written']);
  expect([await scoreOf(0), await scoreOf(1)]).toEqual([26, 26]);
  expect(await personAccounts()).toMatchObject([
    { level: 'ok', detail: 'their scores are written through the Account' },
  ]);
});

test('a person account whose Account the user may not see is listed with the fix, and doctor says so', async () => {
  const { org, write, scoreOf, personAccounts } = await orgWithPersonAccount();
  await org.control('PUT', '/hidden-fields', ['Account.Leadgrade_Total_Score__pc', 'Account']);
  const checks = await personAccounts();
  expect(checks).toMatchObject([
    { level: 'warning', detail: expect.stringContaining('Account.Leadgrade_Total_Score__pc') },
  ]);
  const results = await write();
  expect(await scoreOf(1)).toBe(26);
  expect(results.find(({ ref }) => ref.id === org.contact(0))).toMatchObject({
    kind: 'failed',
    error: {
      kind: 'invalid',
      code: 'INVALID_PERSON_ACCOUNT_OPERATION',
      fix: expect.stringContaining('edit Account'),
    },
  });
});

test('an org without person accounts is not asked for them', async () => {
  const connected = await connectedOrg();
  opened.push(connected);
  const checks = await checkSetup({ ...connected.parts, readers: [] }, { statuses: [] }, SIGNAL);
  expect(checks.some(({ what }) => what === 'person accounts')).toBe(false);
});
