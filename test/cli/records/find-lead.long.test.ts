// How `explain`, `erase`, `errors list` and `errors retry` find a lead, and what `explain` says about its records.
import { expect, test } from 'vitest';
import type { Dataset, SeedPerson } from '../../../sandbox/dataset/dataset.ts';
import { claimAccount } from '../../../src/store/sync/crm-accounts.ts';
import { openBothCrms } from '../../support/both-crms.ts';
import { leads } from '../../support/leads.ts';
import { leadgradeHere } from '../run-command.ts';

function people(...changes: readonly Partial<SeedPerson>[]): Dataset {
  const dataset = leads(changes.length);
  return { ...dataset, people: dataset.people.map((person, index) => ({ ...person, ...changes[index] })) };
}

const ANNA = { firstName: 'Anna', lastName: 'Berg' };
const JORG = { firstName: 'Jörg', lastName: 'Kuhn' };
const INBOX = { email: 'vertrieb@acme.example' };

/** p0 matches by address, p1 has two names, p2 is a shared inbox, p3 is linked by 15 characters. */
async function openPeople() {
  const product = await openBothCrms({
    dataset: people({ ...ANNA, jobTitle: 'Sales Director' }, JORG, INBOX, JORG),
    hubspot: people(ANNA, ANNA, INBOX, { ...JORG, email: null }),
  });
  const leadId = product.leadId('p3').slice(0, 15);
  await product.hubspot('PUT', `contacts/${product.contactId('p3')}/salesforce-ids`, { leadId });
  await product.backfill();
  await claimAccount(product.context.db, { crm: 'hubspot', account: '777' }, product.clock.now());
  const run = (...args: readonly string[]) => leadgradeHere(args, { env: product.env });
  return { product, run };
}

test('explain finds a lead by every form of its address, ID and URL, and says what matched its records', async () => {
  const { product, run } = await openPeople();
  const [contact, lead] = [product.contactId('p0'), product.leadId('p0')];
  const expected = await run('explain', `hubspot:${contact}`);
  expect(expected.code).toBe(0);
  for (const query of [
    'p0@acme.example',
    'Anna Berg <P0@Acme.example>',
    'mailto:p0@acme.example',
    `https://app-eu1.hubspot.com/contacts/777/record/0-1/${contact}`,
    `app.hubspot.com/contacts/777/contact/${contact}`,
    `https://acme.lightning.force.com/lightning/r/Lead/${lead}/view`,
    `https://acme.my.salesforce.com/${lead.slice(0, 15)}`,
    `salesforce:${lead.slice(0, 15)}`,
    lead.slice(0, 15),
    contact,
  ]) {
    expect(await run('explain', query), query).toEqual(expected);
  }
  const lines = expected.stdout.split('\n');
  expect(lines).toContain(`    same address p0@acme.example as salesforce:${lead}`);
  expect(lines).toContain(
    `  contact.job_title: "VP Sales" (hubspot:${contact}) counts, not "Sales Director" (salesforce:${lead}): prefer: [hubspot, salesforce]`,
  );
});

test("an address that HubSpot keeps as a contact's further one makes it one person with the Lead that has it", async () => {
  const product = await openBothCrms({
    dataset: people(ANNA),
    hubspot: people({ ...ANNA, email: 'anna@home.example' }),
  });
  await product.backfill();
  const run = (...args: readonly string[]) => leadgradeHere(args, { env: product.env });
  expect((await run('explain', 'p0@acme.example')).stdout).not.toContain('hubspot:');
  await product.hubspot('PUT', `contacts/${product.contactId('p0')}/emails`, { emails: ['p0@acme.example'] });
  await product.sync();
  const found = await run('explain', 'p0@acme.example');
  expect(found.stdout).toContain(`same address p0@acme.example as salesforce:${product.leadId('p0')}`);
  expect(await run('explain', 'anna@home.example')).toEqual(found);
});

test('explain says why records are not one person, and lists all leads of an address', async () => {
  const { product, run } = await openPeople();
  const [contact, lead] = [product.contactId('p1'), product.leadId('p1')];
  const differ = 'names differ (Anna Berg, Jörg Kuhn)';
  const one = await run('explain', `hubspot:${contact}`);
  expect(one.stdout).toContain(`Records that are another person:\n  salesforce:${lead} (Lead): not matched: ${differ}`);
  expect(await run('explain', 'p1@acme.example')).toMatchObject({
    code: 0,
    stdout: [
      '2 leads have the address p1@acme.example:',
      `  hubspot:${contact} (contacts) Anna Berg`,
      `  salesforce:${lead} (Lead) Jörg Kuhn: ${differ}`,
      `Explain one of them: npx leadgrade explain hubspot:${contact}`,
      '',
    ].join('\n'),
  });
  const inbox = await run('explain', `hubspot:${product.contactId('p2')}`);
  expect(inbox.stdout).toContain(`(Lead): not matched: shared inbox ${INBOX.email}`);
  const linked = await run('explain', `hubspot:${product.contactId('p3')}`);
  expect(linked.stdout).toContain(`    linked by salesforceleadid to salesforce:${product.leadId('p3')}`);
});

test('explain says what is wrong with an ID, an address or a URL', async () => {
  const { product, run } = await openPeople();
  const lead = product.leadId('p0');
  const wrong = `${lead.slice(0, 17)}${lead.endsWith('A') ? 'B' : 'A'}`;
  const cases: readonly (readonly [query: string, message: string])[] = [
    [`salesforce:${wrong}`, `The last three letters of ${wrong} do not fit: did you mean ${lead}?`],
    ['salesforce:123', 'A Salesforce ID has 15 or 18 letters and digits'],
    ['hubspot:abc', 'A HubSpot ID is a number'],
    ['pipedrive:1', 'CRM "pipedrive" is not set up. Set up: hubspot, salesforce.'],
    ['stranger@acme.example', 'No record has the address stranger@acme.example now.'],
    ['https://app.hubspot.com/contacts/1/record/0-2/5', 'shows another object than a contact'],
    ['https://app.hubspot.com/contacts/999999999/record/0-1/5', 'belongs to the HubSpot account 999999999'],
    ['https://acme.example/contacts/1', 'acme.example is not HubSpot or Salesforce.'],
    ['a@b@', '"a@b@" is not one e-mail address'],
  ];
  for (const [query, message] of cases) {
    expect(await run('explain', query), query).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(message),
    });
  }
});

test('erase by an address of several records asks which, and errors retry takes an address', async () => {
  const { product, run } = await openPeople();
  const [contact, lead] = [product.contactId('p0'), product.leadId('p0')];
  await product.control('DELETE', `records/Lead/${lead}`);
  await product.control('POST', `records/Lead/${lead}/purge`);
  const stopped = await run('erase', 'p0@acme.example');
  expect(stopped).toMatchObject({ code: 0, stdout: '' });
  expect(stopped.stderr).toContain(
    `2 records have the address p0@acme.example:\n  1. hubspot:${contact} (contacts) Anna Berg\n  2. salesforce:${lead} (Lead) Anna Berg\n`,
  );
  const erased = await leadgradeHere(['erase', 'p0@acme.example'], { env: product.env, input: '2\n' });
  expect(erased.stdout).toContain(`salesforce:${lead} was erased here at`);
  expect(await run('explain', 'p0@acme.example')).toMatchObject({ code: 0 });
  expect((await run('errors', 'retry', 'p0@acme.example')).stdout).toBe(
    'There are no errors of the address p0@acme.example.\n',
  );
});

test('a link whose ID cannot be right is listed with the ID that was probably meant, for its lead alone', async () => {
  const product = await openBothCrms({ dataset: people(ANNA, JORG), hubspot: people(ANNA, JORG) });
  const [contact, lead] = [product.contactId('p0'), product.leadId('p0')];
  const wrong = `${lead.slice(0, 15)}AAA`;
  await product.hubspot('PUT', `contacts/${contact}/salesforce-ids`, { leadId: wrong });
  await product.backfill();
  const run = (...args: readonly string[]) => leadgradeHere(['errors', 'list', ...args], { env: product.env });
  const listed = await run('p0@acme.example');
  expect(listed.stdout).toContain(`hubspot:${contact}  read links.salesforce.Lead  BAD_VALUE`);
  expect(listed.stdout).toContain(
    `the link to the Lead "${wrong}" in salesforce leads to no record. The last three letters of ${wrong} do not fit: did you mean ${lead}?`,
  );
  expect((await run()).stdout).toBe(listed.stdout);
  expect((await run('p1@acme.example')).stdout).toBe('There are no errors of the address p1@acme.example.\n');
  expect(await run('no@acme.example')).toMatchObject({ code: 2, stdout: '' });
  await product.hubspot('PUT', `contacts/${contact}/salesforce-ids`, { leadId: lead });
  await product.sync();
  expect((await run()).stdout).toBe('No errors.\n');
});
