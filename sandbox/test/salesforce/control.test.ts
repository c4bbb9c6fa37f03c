// The control API: user actions in Salesforce, and the modification times that they change.
import { beforeEach, describe, expect, test } from 'vitest';
import { peopleWithDeals, startTestOrg, type TestOrg } from './sandbox-under-test.ts';

let org: TestOrg;
beforeEach(async () => {
  org = await startTestOrg({ dataset: peopleWithDeals(4, [0]) });
});

const record = async (object: string, id: string) => (await org.control('GET', `/records/${object}/${id}`)).body.values;
const act = (personId: string, type: string, attributes: object = {}, at?: string) =>
  org.control('POST', '/activities', { personId, type, attributes, ...(at === undefined ? {} : { at }) });
const AT = '2026-03-09T08:00:00Z';

test.each([
  [
    'call',
    { seconds: 30, outcome: 'no_answer' },
    'Task',
    {
      TaskSubtype: 'Call',
      CallDurationInSeconds: 30,
      CallDisposition: 'no_answer',
      IsClosed: true,
      CompletedDateTime: '2026-03-09T08:00:00.000Z',
    },
  ],
  ['task', { subject: 'Call back' }, 'Task', { Subject: 'Call back', IsClosed: false, Status: 'Not Started' }],
  [
    'meeting',
    { title: 'Demo' },
    'Event',
    { Subject: 'Demo', ActivityDateTime: '2026-03-09T08:00:00.000Z', ActivityDate: '2026-03-09' },
  ],
  [
    'sales_email',
    { subject: 'Hello' },
    'EmailMessage',
    { Subject: 'Hello', Incoming: false, ToAddress: 'p1@acme.example' },
  ],
  ['email_reply', { subject: 'Re: Hello' }, 'EmailMessage', { Incoming: true, FromAddress: 'p1@acme.example' }],
  [
    'email_open',
    { email: 'Newsletter' },
    'EmailMessage',
    { IsOpened: true, FirstOpenedDate: '2026-03-09T08:00:00.000Z' },
  ],
  [
    'form_submission',
    { form: 'demo' },
    'CampaignMember',
    { HasResponded: true, FirstRespondedDate: '2026-03-09', Type: 'Lead' },
  ],
  ['list_joined', { list: 'VIPs' }, 'CampaignMember', { HasResponded: false, FirstRespondedDate: null }],
])(
  "a %s is stored in its Salesforce object and does not change the person's modification times",
  async (type, attributes, object, values) => {
    const before = await record('Lead', org.lead(1));
    const created = await act(org.lead(1), type, attributes, AT);
    expect(created).toMatchObject({ status: 201, body: { object } });
    expect(await record(object, created.body.id)).toMatchObject({
      ...values,
      SystemModstamp: '2026-03-10T12:00:00.000Z',
    });
    const { SystemModstamp, LastModifiedDate } = await record('Lead', org.lead(1));
    expect({ SystemModstamp, LastModifiedDate }).toEqual({
      SystemModstamp: before.SystemModstamp,
      LastModifiedDate: before.LastModifiedDate,
    });
  },
);

test('an activity without a Salesforce object or with an unknown person is rejected', async () => {
  expect([(await act(org.lead(1), 'page_view')).status, (await act('unknown', 'call')).status]).toEqual([400, 404]);
});

test('an e-mail has a task and a relation to its person, and a bounce and an unsubscribe change the person', async () => {
  const mail = await act(org.lead(1), 'sales_email', { subject: 'Hello' });
  const [task] = await org.column(`SELECT Id FROM Task WHERE WhoId = '${org.lead(1)}' AND TaskSubtype = 'Email'`);
  expect((await record('EmailMessage', mail.body.id)).ActivityId).toBe(task);
  expect(
    await org.column(
      `SELECT EmailMessageId FROM EmailMessageRelation WHERE RelationId = '${org.lead(1)}'`,
      'EmailMessageId',
    ),
  ).toEqual([mail.body.id]);
  org.advanceClock(1000);
  await act(org.lead(1), 'email_bounce', {}, AT);
  await act(org.lead(1), 'unsubscribe');
  expect(await record('Lead', org.lead(1))).toMatchObject({
    HasOptedOutOfEmail: true,
    EmailBouncedDate: '2026-03-09T08:00:00.000Z',
    SystemModstamp: '2026-03-10T12:00:01.000Z',
  });
});

test('a second response to a campaign updates the existing member', async () => {
  const first = await act(org.lead(1), 'webinar', { name: 'W', attended: false }, AT);
  org.advanceClock(60_000);
  const second = await act(org.lead(1), 'webinar', { name: 'W' });
  expect(second.body.id).toBe(first.body.id);
  expect(await record('CampaignMember', first.body.id)).toMatchObject({
    Status: 'Attended',
    FirstRespondedDate: '2026-03-09',
    SystemModstamp: '2026-03-10T12:01:00.000Z',
  });
});

test("a contact's modification times do not change with its account, opportunities or activities", async () => {
  const id = org.contact(0);
  const before = await record('Contact', id);
  org.advanceClock(60_000);
  await org.control('PATCH', `/records/Account/${before.AccountId}`, { values: { NumberOfEmployees: 999 } });
  const [deal] = await org.column('SELECT Id FROM Opportunity');
  await org.control('PATCH', `/records/Opportunity/${deal}`, { values: { StageName: 'Closed Lost' } });
  await act(id, 'call');
  await act(id, 'webinar');
  const { LastActivityDate, ...after } = await record('Contact', id);
  expect([{ ...after, LastActivityDate: null }, LastActivityDate]).toEqual([
    { ...before, LastActivityDate: null },
    '2026-03-10',
  ]);
  const row = (await org.query('SELECT Account.NumberOfEmployees FROM Contact')).body.records[0];
  expect(row.Account.NumberOfEmployees).toBe(999);
  expect(await record('Opportunity', String(deal))).toMatchObject({
    IsWon: false,
    LastStageChangeDate: '2026-03-10T12:01:00.000Z',
  });
});

test('converting a lead creates a contact, to which activities and campaign members move', async () => {
  const call = await act(org.lead(2), 'call');
  const member = await act(org.lead(2), 'webinar');
  org.advanceClock(60_000);
  const { body } = await org.control('POST', '/convert', { leadId: org.lead(2), opportunity: 'New deal' });
  expect(await record('Lead', org.lead(2))).toMatchObject({
    IsConverted: true,
    ConvertedContactId: body.contactId,
    ConvertedDate: '2026-03-10',
    SystemModstamp: '2026-03-10T12:01:00.000Z',
  });
  expect(await record('Contact', body.contactId)).toMatchObject({
    Email: 'p2@acme.example',
    AccountId: body.accountId,
  });
  expect(await record('Task', call.body.id)).toMatchObject({
    WhoId: body.contactId,
    SystemModstamp: '2026-03-10T12:00:00.000Z',
  });
  expect(await record('CampaignMember', member.body.id)).toMatchObject({
    LeadId: org.lead(2),
    ContactId: body.contactId,
    Type: 'Contact',
  });
  expect(
    await org.column(
      `SELECT Opportunity.Name FROM OpportunityContactRole WHERE ContactId = '${body.contactId}'`,
      'Opportunity',
    ),
  ).toMatchObject([{ Name: 'New deal' }]);
  expect((await org.control('POST', '/convert', { leadId: org.lead(2) })).status).toBe(400);
});

describe('a deleted record', () => {
  test('is returned only by queryAll, and undeleting restores it with its activities', async () => {
    const call = await act(org.lead(1), 'call');
    org.advanceClock(60_000);
    await org.control('DELETE', `/records/Lead/${org.lead(1)}`);
    const soql = `SELECT IsDeleted, SystemModstamp FROM Lead WHERE Id = '${org.lead(1)}'`;
    expect((await org.query(soql)).body.totalSize).toBe(0);
    expect((await org.query(soql, true)).body.records[0]).toMatchObject({
      IsDeleted: true,
      SystemModstamp: '2026-03-10T12:01:00.000+0000',
    });
    expect((await org.query('SELECT COUNT() FROM Task')).body.totalSize).toBe(0);
    await org.control('POST', `/records/Lead/${org.lead(1)}/undelete`);
    expect(await org.column('SELECT Id FROM Task')).toEqual([call.body.id]);
    expect((await org.query(soql)).body.totalSize).toBe(1);
  });

  test('of a merge names the winner, which inherits its activities and missing values', async () => {
    const call = await act(org.lead(2), 'call');
    await org.control('PATCH', `/records/Lead/${org.lead(2)}`, { values: { Phone: '7' } });
    org.advanceClock(60_000);
    await org.control('POST', '/merge', { masterId: org.lead(1), mergedId: org.lead(2) });
    const soql = `SELECT Id FROM Lead WHERE MasterRecordId = '${org.lead(1)}' AND IsDeleted = true`;
    expect((await org.query(soql, true)).body.records).toMatchObject([{ Id: org.lead(2) }]);
    expect((await record('Task', call.body.id)).WhoId).toBe(org.lead(1));
    expect(await record('Lead', org.lead(1))).toMatchObject({
      Phone: '7',
      Email: 'p1@acme.example',
      SystemModstamp: '2026-03-10T12:01:00.000Z',
    });
    expect((await org.control('POST', `/records/Lead/${org.lead(2)}/undelete`)).status).toBe(404);
  });
});

test('the control API creates and edits records as an admin, also with a past modification time', async () => {
  await org.control('PUT', '/hidden-fields', ['Lead.Phone']);
  const created = await org.control('POST', '/records/Lead', {
    values: { LastName: 'New', Company: 'Acme', Phone: '1' },
  });
  expect(created).toMatchObject({
    status: 201,
    body: { values: { Name: 'New', Phone: '1', Status: 'Open - Not Contacted' } },
  });
  await org.control('PATCH', `/records/Lead/${created.body.id}`, {
    values: { Title: 'CTO' },
    at: '2026-03-10T11:59:30.700Z',
  });
  expect(await record('Lead', created.body.id)).toMatchObject({ SystemModstamp: '2026-03-10T11:59:30.000Z' });
  expect((await org.control('POST', '/records/Lead', { values: { LastName: 'New' } })).status).toBe(400);
  expect((await org.control('POST', '/records/Nope', { values: {} })).status).toBe(404);
});

test("records have the time of the sandbox's clock after it was set", async () => {
  await org.control('PUT', '/clock', { now: '2027-01-01T00:00:00Z' });
  await org.control('PATCH', `/records/Lead/${org.lead(1)}`, { values: { Title: 'CTO' } });
  expect((await record('Lead', org.lead(1))).SystemModstamp).toBe('2027-01-01T00:00:00.000Z');
});

test.each([
  ['PUT', '/locks', [{ id: 'x', times: 1 }]],
  ['PUT', '/app', { certificate: 'nonsense' }],
  ['PUT', '/bulk', { unfinishedPolls: -1 }],
  ['PUT', '/clock', { now: 'soon' }],
  ['POST', '/merge', { masterId: 'x' }],
])('%s %s of the control API rejects an invalid body', async (method, path, body) => {
  expect((await org.control(method, path, body)).status).toBe(400);
});
