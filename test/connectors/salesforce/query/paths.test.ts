// The fields and paths of a mapping: what Salesforce can read of them, and what doctor says of the
// others.
import { afterEach, expect, test } from 'vitest';
import { fetchLeads } from '../../../../connectors/salesforce/people/fetch-leads.ts';
import { checkSetup } from '../../../../connectors/salesforce/setup/check-setup.ts';
import { createStreams } from '../../../../connectors/salesforce/streams/registry.ts';
import { type Mapping, readMapping } from '../../../../src/mapping/mapping.ts';
import { type ConnectedOrg, connectedOrg, pagesOf, SIGNAL } from '../salesforce-fixture.ts';

const opened: ConnectedOrg[] = [];
afterEach(async () => {
  for (const { org } of opened.splice(0)) await org.close();
});

function mappingOf(text: string): Mapping {
  const { mapping, problems } = readMapping(`${text}write_back: {}\n`, 'mapping.yaml');
  if (mapping === null) throw new Error(JSON.stringify(problems));
  return mapping;
}

async function open(text: string): Promise<ConnectedOrg> {
  const connected = await connectedOrg({}, { mapping: mappingOf(text) });
  opened.push(connected);
  return connected;
}

const OWNER = `
crm: salesforce
fields:
  contact.email: { from: Lead.Email }
  contact.owner: { from: Lead.Owner.Name }
  contact.lead_source: { from: Lead.Owner.Type }
`;

test('the name of the owner of a lead is read, be it a user or a queue', async () => {
  const { org, parts } = await open(OWNER);
  // The update of another app without the header gives the Lead to the queue.
  await org.call('PATCH', `/sobjects/Lead/${org.lead(1)}`, { Title: 'CTO' });
  const refs = [0, 1].map((number) => ({ object: 'Lead', id: org.lead(number) }));
  const owners = (await fetchLeads(parts, refs, SIGNAL)).map((lead) => (lead.kind === 'lead' ? lead.fields : null));
  expect(owners).toMatchObject([
    { 'contact.owner': 'Alex Admin', 'contact.lead_source': 'User' },
    { 'contact.owner': 'Inbound Leads', 'contact.lead_source': 'Group' },
  ]);
  const [leads] = createStreams(parts).filter(({ stream }) => stream.id === 'leads');
  const listed = leads === undefined ? [] : (await pagesOf(leads, null)).flatMap((page) => page.leads);
  expect(listed.map(({ fields }) => fields['contact.owner'])).toContain('Inbound Leads');
});

async function warnings(text: string) {
  const { parts } = await open(text);
  const checks = await checkSetup({ ...parts, readers: createStreams(parts) }, { statuses: [] }, SIGNAL);
  return new Map(checks.filter(({ level }) => level === 'warning').map((check) => [check.what, check]));
}

test('doctor blames no permission for the owner of a lead', async () => {
  expect((await warnings(OWNER)).has('field Lead.Owner.Name')).toBe(false);
});

test.each([
  ['Owner.Manager', /Owner of Lead is one of several objects \(Group, User\)/, /Name, Phone.*formula field/],
  ['OwnerId.Name', /Lead has no visible relation OwnerId/, /^Write Owner in place of OwnerId/],
  ['Nope.Name', /Lead has no visible relation Nope/, /ConvertedAccount/],
  ['A.B.C.D.E.F.Name', /has 6 parents, and Salesforce reads at most 5/, /formula field/],
  ['Nonsense__c', /Lead.Nonsense__c does not exist, or the integration user may not see it/, /correct its name/],
])('doctor says why the mapping cannot read Lead.%s', async (path, reason, fix) => {
  const found = (await warnings(`crm: salesforce\nfields:\n  contact.owner: { from: Lead.${path} }\n`)).get(
    `field Lead.${path}`,
  );
  expect([found?.detail, found?.fix]).toEqual([expect.stringMatching(reason), expect.stringMatching(fix)]);
});

test('doctor never says "allowed" beside a stream whose queries Salesforce refuses', async () => {
  const connected = await connectedOrg();
  opened.push(connected);
  const { org, parts } = connected;
  const body = [{ errorCode: 'OPERATION_TOO_LARGE', message: "exceeded 100000 distinct who/what's" }];
  await org.control('PUT', '/faults', [{ match: { path: 'FROM\\+Task\\+' }, action: { status: 400, body } }]);
  const checks = await checkSetup({ ...parts, readers: createStreams(parts) }, { statuses: [] }, SIGNAL);
  const ofStream = (stream: string) => checks.filter(({ what }) => what === `reading ${stream}`);
  expect(ofStream('tasks')).toMatchObject([
    {
      level: 'warning',
      detail: expect.stringContaining('OPERATION_TOO_LARGE'),
      fix: expect.stringMatching(/View All Data.*Until then Leadgrade cannot read these activities: call, meeting/),
    },
  ]);
  expect(ofStream('events')).toMatchObject([{ level: 'ok', detail: 'allowed' }]);
});
