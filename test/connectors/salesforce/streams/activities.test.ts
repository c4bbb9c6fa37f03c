// Tasks, events, e-mails and campaign members as the connector reads them from a sandbox org.
import { afterEach, describe, expect, test } from 'vitest';
import { createActivityStreams } from '../../../../connectors/salesforce/streams/activity-streams.ts';
import { participants } from '../../../../connectors/salesforce/streams/event-stream.ts';
import type { SeedActivity } from '../../../../sandbox/dataset/dataset.ts';
import { peopleWithDeals } from '../../../../sandbox/test/salesforce/sandbox-under-test.ts';
import type { ChangePage, Cursor, SourcedActivity } from '../../../../src/crm/connector.ts';
import { type ConnectedOrg, connectedOrg, pagesOf, SIGNAL } from '../salesforce-fixture.ts';

const MINUTE = 60_000;
const LAST_WEEK = Date.parse('2026-03-03T15:30:00Z');

const opened: ConnectedOrg[] = [];

afterEach(async () => {
  for (const { org } of opened.splice(0)) await org.close();
});

async function open(...options: Parameters<typeof connectedOrg>): Promise<ConnectedOrg> {
  const connected = await connectedOrg(...options);
  opened.push(connected);
  return connected;
}

function readerOf({ parts }: ConnectedOrg, stream: string) {
  const found = createActivityStreams(parts).find((reader) => reader.stream.id === stream);
  if (!found) throw new Error(`There is no stream ${stream}.`);
  return found;
}

async function read(connected: ConnectedOrg, stream: string, cursor: Cursor | null = null) {
  const pages = await pagesOf(readerOf(connected, stream), cursor);
  return {
    pages,
    activities: pages.flatMap((page) => page.activities),
    complete: pages.flatMap((page) => page.complete?.activities ?? []),
    cursor: pages.at(-1)?.cursor ?? cursor,
  };
}

/** After the whole pass and the first poll behind it, a minute later. */
async function settled(connected: ConnectedOrg, stream: string): Promise<Cursor | null> {
  const { cursor } = await read(connected, stream);
  const { cursor: next } = await read(connected, stream, cursor);
  connected.org.pass(10 * MINUTE);
  return next;
}

function did(person: number, type: string, attributes: SeedActivity['attributes'] = {}, at = LAST_WEEK): SeedActivity {
  return { person: `p${person}`, type, at, attributes };
}

/** `type id-of-the-person`, sorted. */
function who(activities: readonly SourcedActivity[]): readonly string[] {
  return activities.map(({ type, ref }) => `${type} ${ref.id}`).toSorted();
}

const NOTHING = { activities: [], complete: [] };

const call = (person: number, at = LAST_WEEK) => did(person, 'call', { outcome: 'Connected', seconds: 120 }, at);

function calls(count: number, more: Partial<Parameters<typeof connectedOrg>[0]> = {}) {
  return {
    ...more,
    dataset: peopleWithDeals(
      3,
      [],
      Array.from({ length: count }, (_, n) => call(n % 3)),
    ),
  };
}

test('what a person did comes back from Salesforce as what it was, wherever Salesforce keeps it', async () => {
  const connected = await open({
    dataset: peopleWithDeals(
      1,
      [],
      [
        did(0, 'call', { outcome: 'Connected', seconds: 90 }),
        did(0, 'meeting', { title: 'Demo' }),
        did(0, 'email_reply'),
        did(0, 'email_open', { email: 'March news' }),
        did(0, 'email_bounce', { email: 'April news' }),
        did(0, 'form_submission', { form: 'demo' }),
        did(0, 'webinar', { name: 'Scoring', attended: true }),
        did(0, 'event_attended', { name: 'Fair' }),
        did(0, 'content_download', { name: 'Guide' }),
        did(0, 'trial_started', { product: 'Pro' }),
        did(0, 'list_joined', { list: 'Leadgrade friends' }),
        did(0, 'campaign_response', { campaign: 'Ads', type: 'Advertisement', status: 'Responded' }),
      ],
    ),
  });
  const streams = ['tasks', 'events', 'emails', 'campaign_members'];
  const all: SourcedActivity[] = [];
  for (const stream of streams) all.push(...(await read(connected, stream)).activities);
  const day = Date.parse('2026-03-03T00:00:00Z');
  expect(Object.fromEntries(all.map(({ type, at, attributes }) => [type, { at, attributes }]))).toEqual({
    call: { at: LAST_WEEK, attributes: { outcome: 'Connected', seconds: 90 } },
    meeting: { at: LAST_WEEK, attributes: { title: 'Demo' } },
    email_reply: { at: LAST_WEEK, attributes: {} },
    email_delivered: { at: LAST_WEEK, attributes: { email: 'March news' } },
    email_open: { at: LAST_WEEK, attributes: { email: 'March news' } },
    email_bounce: { at: LAST_WEEK, attributes: { email: 'April news' } },
    form_submission: { at: day, attributes: { form: 'Form: demo' } },
    webinar: { at: day, attributes: { name: 'Scoring', attended: true } },
    event_attended: { at: day, attributes: { name: 'Fair' } },
    content_download: { at: day, attributes: { name: 'Guide' } },
    trial_started: { at: day, attributes: { product: 'Trial: Pro' } },
    list_joined: { at: LAST_WEEK, attributes: { list: 'Leadgrade friends' } },
    campaign_response: { at: day, attributes: { campaign: 'Ads', type: 'Advertisement', status: 'Responded' } },
  });
  expect(new Set(all.map(({ ref }) => ref.id))).toEqual(new Set([connected.org.lead(0)]));
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
});

describe('a first pull', () => {
  test('shows every call once, page by page, and then that it ended', async () => {
    const connected = await open(calls(4_050));
    const { pages, activities } = await read(connected, 'tasks');
    expect(pages.map((page) => [page.activities.length, page.whole])).toEqual([
      [2_000, true],
      [2_000, true],
      [50, true],
      [0, false],
    ]);
    expect(new Set(activities.map(({ id }) => id)).size).toBe(4_050);
  });

  test('that was broken off goes on behind the page that was kept', async () => {
    const connected = await open(calls(2_050));
    const whole = await read(connected, 'tasks');
    const rest = await read(connected, 'tasks', JSON.parse(JSON.stringify(whole.pages[0]?.cursor)));
    expect(rest.activities.map(({ id }) => id)).toEqual(whole.activities.slice(2_000).map(({ id }) => id));
  });

  test('through the Bulk API shows the same calls as through queries', async () => {
    const bulk = await open(calls(30), { more: { SALESFORCE_BULK_READ_FROM: '30' } });
    const plain = await open(calls(30));
    const [fast, slow] = [await read(bulk, 'tasks'), await read(plain, 'tasks')];
    const shownOf = (activities: readonly SourcedActivity[]) => activities.map(({ ref: _ref, ...rest }) => rest);
    expect(shownOf(fast.activities)).toEqual(shownOf(slow.activities));
    expect(fast.activities).toHaveLength(30);
    expect((await bulk.org.control('GET', '/jobs')).body).toHaveLength(1);
  });

  test('shows a call of two years ago, which Salesforce has archived', async () => {
    const connected = await open({ dataset: peopleWithDeals(1, [], [call(0, Date.parse('2024-02-01T09:00:00Z'))]) });
    expect(await connected.org.column('SELECT Id FROM Task')).toEqual([]);
    expect((await read(connected, 'tasks')).activities).toHaveLength(1);
  });

  test('leaves out an open call and a task that is about nobody', async () => {
    const connected = await open({ dataset: peopleWithDeals(1, []) });
    const { org } = connected;
    const values = { Type: 'Call', ActivityDate: '2026-03-03' };
    await org.control('POST', '/records/Task', { values: { ...values, WhoId: org.lead(0), Status: 'Not Started' } });
    await org.control('POST', '/records/Task', { values: { ...values, Status: 'Completed' } });
    expect((await read(connected, 'tasks')).activities).toEqual([]);
  });
});

describe('later polls', () => {
  test('show a call that was closed since, and an idle one shows nothing', async () => {
    const connected = await open(calls(3));
    const { org } = connected;
    const values = { Type: 'Call', ActivityDate: '2026-03-03', WhoId: org.lead(1), Status: 'Not Started' };
    const { body } = await org.control('POST', '/records/Task', { values });
    const cursor = await settled(connected, 'tasks');
    expect(await read(connected, 'tasks', cursor)).toMatchObject(NOTHING);
    await org.control('PATCH', `/records/Task/${body.id}`, { values: { Status: 'Completed' } });
    const changed = await read(connected, 'tasks', cursor);
    expect(changed.activities).toMatchObject([{ id: `task:${body.id}`, type: 'call', ref: { id: org.lead(1) } }]);
    expect(await read(connected, 'tasks', changed.cursor)).toMatchObject(NOTHING);
  });

  test('tell that a deleted call is on nobody any more', async () => {
    const connected = await open(calls(3));
    const cursor = await settled(connected, 'tasks');
    const [id] = await connected.org.column('SELECT Id FROM Task');
    await connected.org.control('DELETE', `/records/Task/${id}`);
    const { activities, complete } = await read(connected, 'tasks', cursor);
    expect([activities, complete]).toEqual([[], [`task:${id}`]]);
  });

  test('show a call that was given to another lead as that lead’s alone', async () => {
    const connected = await open(calls(1));
    const { org } = connected;
    const cursor = await settled(connected, 'tasks');
    const [id] = await org.column('SELECT Id FROM Task');
    await org.control('PATCH', `/records/Task/${id}`, { values: { WhoId: org.lead(2) } });
    const { activities, complete } = await read(connected, 'tasks', cursor);
    expect([who(activities), complete]).toEqual([[`call ${org.lead(2)}`], [`task:${id}`]]);
  });

  test('that were broken off go on where they were: nothing is lost, nothing is shown twice', async () => {
    const connected = await open(calls(1));
    const { org } = connected;
    const cursor = await settled(connected, 'tasks');
    const values = { Type: 'Call', WhoId: org.lead(0), Status: 'Completed', ActivityDate: '2026-03-03' };
    for (let n = 0; n < 2_010; n++) {
      if (n % 500 === 0) org.pass(1_000);
      await org.control('POST', '/records/Task', { values });
    }
    org.pass(10 * MINUTE);
    let kept: ChangePage | null = null;
    for await (const page of readerOf(connected, 'tasks').read(cursor, SIGNAL)) {
      kept = page;
      break;
    }
    const rest = await read(connected, 'tasks', JSON.parse(JSON.stringify(kept?.cursor)));
    const ids = [...(kept?.activities ?? []), ...rest.activities].map(({ id }) => id);
    expect([ids.length, new Set(ids).size]).toEqual([2_010, 2_010]);
  });
});

describe('a Lead that was converted', () => {
  test('has its calls as the Contact that it became', async () => {
    const connected = await open(calls(1));
    const { org } = connected;
    const { body } = await org.control('POST', '/convert', { leadId: org.lead(0) });
    expect(who((await read(connected, 'tasks')).activities)).toEqual([`call ${body.contactId}`]);
  });

  test('is in a campaign once, as the Contact', async () => {
    const connected = await open({ dataset: peopleWithDeals(2, [], [did(0, 'form_submission', { form: 'demo' })]) });
    const { org } = connected;
    const { body } = await org.control('POST', '/convert', { leadId: org.lead(0) });
    expect(await org.column('SELECT LeadId FROM CampaignMember', 'LeadId')).toEqual([org.lead(0)]);
    const { activities } = await read(connected, 'campaign_members');
    expect(activities.map(({ ref }) => ref)).toEqual([{ object: 'Contact', id: body.contactId }]);
  });
});

describe('campaign members', () => {
  test('whose status moves on become what they did, under the same id', async () => {
    const joined = did(0, 'webinar', { name: 'Scoring', attended: false });
    const connected = await open({ dataset: peopleWithDeals(1, [], [joined]) });
    const { org } = connected;
    const before = await read(connected, 'campaign_members');
    expect(before.activities).toMatchObject([{ type: 'campaign_response', attributes: { status: 'Registered' } }]);
    const cursor = await settled(connected, 'campaign_members');
    const [id] = await org.column('SELECT Id FROM CampaignMember');
    await org.control('PATCH', `/records/CampaignMember/${id}`, { values: { Status: 'Attended' } });
    const after = await read(connected, 'campaign_members', cursor);
    expect(after.activities).toMatchObject([{ id: `campaign-member:${id}`, type: 'webinar' }]);
    expect(before.activities[0]?.id).toBe(after.activities[0]?.id);
  });

  test('lose the campaign’s name alone when the user may not see it', async () => {
    const response = { campaign: 'Ads', type: 'Advertisement', status: 'Responded' };
    const dataset = peopleWithDeals(1, [], [did(0, 'campaign_response', response)]);
    const connected = await open({ dataset, hiddenFields: ['Campaign.Name'] });
    const { activities } = await read(connected, 'campaign_members');
    expect(activities).toMatchObject([{ attributes: { campaign: null, type: 'Advertisement', status: 'Responded' } }]);
  });
});

describe('a call whose fields are hidden', () => {
  test('is dated by the day it was due, at midnight UTC, without CompletedDateTime', async () => {
    const connected = await open(calls(1, { hiddenFields: ['Task.CompletedDateTime', 'Task.Type'] }));
    const { activities } = await read(connected, 'tasks');
    expect(activities).toMatchObject([{ type: 'call', at: Date.parse('2026-03-03T00:00:00Z') }]);
  });

  test('loses how long it took, and nothing else', async () => {
    const connected = await open(calls(1, { hiddenFields: ['Task.CallDurationInSeconds'] }));
    const { activities } = await read(connected, 'tasks');
    expect(activities).toMatchObject([{ attributes: { outcome: 'Connected', seconds: null } }]);
  });

  test('cannot be read at all without anything that dates it, and that is said', async () => {
    const connected = await open(calls(1, { hiddenFields: ['Task.CompletedDateTime', 'Task.ActivityDate'] }));
    const denied = await readerOf(connected, 'tasks').sight(SIGNAL);
    expect(denied?.reason).toContain('Task.CompletedDateTime, Task.ActivityDate');
  });
});

describe('what the user may see of an org', () => {
  const STREAMS = ['campaign_members', 'tasks', 'events', 'emails', 'opportunities'];

  test('is everything with the usual rights', async () => {
    const connected = await open();
    expect(createActivityStreams(connected.parts).map(({ stream }) => stream.id)).toEqual(STREAMS);
    for (const stream of STREAMS) expect(await readerOf(connected, stream).sight(SIGNAL)).toBeNull();
  });

  test.each([
    ['campaign_members', 'CampaignMember'],
    ['tasks', 'Task'],
    ['events', 'Event'],
    ['emails', 'EmailMessage'],
    ['opportunities', 'Opportunity'],
    ['opportunities', 'OpportunityContactRole'],
  ])('closes %s without %s, and names what opens it', async (stream, object) => {
    const connected = await open({ hiddenFields: [object] });
    const denied = await readerOf(connected, stream).sight(SIGNAL);
    expect(denied?.reason).toContain(object);
    expect(denied?.fix).toContain(`read ${object}, by`);
    for (const other of STREAMS.filter((each) => each !== stream)) {
      expect(await readerOf(connected, other).sight(SIGNAL)).toBeNull();
    }
  });

  test('closes emails without what says whom they are about', async () => {
    const connected = await open({ hiddenFields: ['EmailMessageRelation', 'EmailMessage.ActivityId'] });
    expect((await readerOf(connected, 'emails').sight(SIGNAL))?.reason).toContain('EmailMessageRelation');
  });
});

describe('where activities are shared', () => {
  test('a call counts for everybody who took part, and for the one who joined later', async () => {
    const connected = await open(calls(1, { sharedActivities: true }));
    const { org } = connected;
    const [TaskId] = await org.column('SELECT Id FROM Task');
    await org.control('POST', '/records/TaskRelation', { values: { TaskId, RelationId: org.lead(1) } });
    const whole = await read(connected, 'tasks');
    expect(who(whole.activities)).toEqual([`call ${org.lead(0)}`, `call ${org.lead(1)}`].toSorted());
    const cursor = await settled(connected, 'tasks');
    expect(await read(connected, 'tasks', cursor)).toMatchObject(NOTHING);
    await org.control('POST', '/records/TaskRelation', { values: { TaskId, RelationId: org.lead(2) } });
    const joined = await read(connected, 'tasks', cursor);
    expect(who(joined.activities)).toEqual([0, 1, 2].map((n) => `call ${org.lead(n)}`).toSorted());
    expect(joined.complete).toEqual([`task:${TaskId}`]);
    expect(await read(connected, 'tasks', joined.cursor)).toMatchObject(NOTHING);
  });

  test('one who was taken off a call does not keep it', async () => {
    const connected = await open(calls(1, { sharedActivities: true }));
    const { org } = connected;
    const [TaskId] = await org.column('SELECT Id FROM Task');
    const values = { TaskId, RelationId: org.lead(1) };
    const { body } = await org.control('POST', '/records/TaskRelation', { values });
    const cursor = await settled(connected, 'tasks');
    await org.control('DELETE', `/records/TaskRelation/${body.id}`);
    const { activities, complete } = await read(connected, 'tasks', cursor);
    expect([who(activities), complete]).toEqual([[`call ${org.lead(0)}`], [`task:${TaskId}`]]);
  });

  test('a call that was given to another lead is taken from the first, and stays with the others', async () => {
    const connected = await open(calls(1, { sharedActivities: true }));
    const { org } = connected;
    const [TaskId] = await org.column('SELECT Id FROM Task');
    await org.control('POST', '/records/TaskRelation', { values: { TaskId, RelationId: org.lead(1) } });
    const cursor = await settled(connected, 'tasks');
    await org.control('PATCH', `/records/Task/${TaskId}`, { values: { WhoId: org.lead(2) } });
    const { activities } = await read(connected, 'tasks', cursor);
    expect(new Set(who(activities))).toEqual(new Set([`call ${org.lead(1)}`, `call ${org.lead(2)}`]));
  });

  test('one who joined while the first pull ran is found by the poll after it', async () => {
    const connected = await open(calls(1, { sharedActivities: true }));
    const { org } = connected;
    const [TaskId] = await org.column('SELECT Id FROM Task');
    const { cursor } = await read(connected, 'tasks');
    await org.control('POST', '/records/TaskRelation', { values: { TaskId, RelationId: org.lead(2) } });
    org.pass(MINUTE);
    expect(who((await read(connected, 'tasks', cursor)).activities)).toContain(`call ${org.lead(2)}`);
  });

  test('a meeting counts for those who were invited, not for those who declined', async () => {
    const dataset = peopleWithDeals(3, [], [did(0, 'meeting', { title: 'Demo' })]);
    const connected = await open({ dataset, sharedActivities: true });
    const { org } = connected;
    const [EventId] = await org.column('SELECT Id FROM Event');
    for (const [person, Status] of [
      [1, 'Accepted'],
      [2, 'Declined'],
    ] as const) {
      await org.control('POST', '/records/EventRelation', {
        values: { EventId, RelationId: org.lead(person), Status },
      });
    }
    const { activities } = await read(connected, 'events');
    expect(who(activities)).toEqual([`meeting ${org.lead(0)}`, `meeting ${org.lead(1)}`].toSorted());
  });
});

describe('meetings', () => {
  test('that a colleague has a copy of count once, for the event itself', () => {
    const WhoId = '00Q000000000001AAA';
    expect(participants({ values: { WhoId, IsChild: false }, links: null })).toHaveLength(1);
    expect(participants({ values: { WhoId, IsChild: true }, links: null })).toEqual([]);
  });

  test('that were called off are deleted, and those that nobody came to say so', async () => {
    const connected = await open({
      dataset: peopleWithDeals(
        1,
        [],
        [did(0, 'meeting', { title: 'A', outcome: 'canceled' }), did(0, 'meeting', { title: 'B', outcome: 'no_show' })],
      ),
    });
    expect((await read(connected, 'events')).activities).toEqual([]);
  });

  test('that are to come are shown with their own date', async () => {
    const next = Date.parse('2026-03-20T10:00:00Z');
    const connected = await open({ dataset: peopleWithDeals(1, [], [did(0, 'meeting', { title: 'Demo' }, next)]) });
    expect((await read(connected, 'events')).activities).toMatchObject([{ type: 'meeting', at: next }]);
  });
});

describe('emails', () => {
  test('that are opened later gain the opening, and one that comes back is no longer delivered', async () => {
    const sent = did(0, 'email_delivered', { email: 'News' });
    const connected = await open({ dataset: peopleWithDeals(1, [], [sent]) });
    const { org } = connected;
    const first = await read(connected, 'emails');
    expect(first.activities.map(({ type }) => type)).toEqual(['email_delivered']);
    const cursor = await settled(connected, 'emails');
    const body = { personId: org.lead(0), type: 'email_open', attributes: { email: 'News' } };
    await org.control('POST', '/activities', body);
    const after = await read(connected, 'emails', cursor);
    expect(after.activities).toMatchObject([
      { type: 'email_delivered', at: LAST_WEEK },
      { type: 'email_open', at: org.now() },
    ]);
    const id = after.activities[0]?.id.replace('email:', '');
    expect(new Set(after.complete)).toEqual(new Set([`email:${id}`, `email-open:${id}`, `email-bounce:${id}`]));
  });

  test('count as a reply for the one who wrote, not for those in copy', async () => {
    const connected = await open({ dataset: peopleWithDeals(2, [], [did(0, 'email_reply')]) });
    const { org } = connected;
    const [EmailMessageId] = await org.column('SELECT Id FROM EmailMessage');
    const copy = { EmailMessageId, RelationId: org.lead(1), RelationType: 'CcAddress' };
    await org.control('POST', '/records/EmailMessageRelation', { values: copy });
    expect(who((await read(connected, 'emails')).activities)).toEqual([`email_reply ${org.lead(0)}`]);
  });

  test('that a rep wrote by hand say nothing about the lead', async () => {
    const connected = await open({ dataset: peopleWithDeals(1, [], [did(0, 'sales_email', { subject: 'Hello' })]) });
    expect((await read(connected, 'emails')).activities).toEqual([]);
  });

  test('without their relations are those of the person whom Salesforce keeps the task for', async () => {
    const dataset = peopleWithDeals(1, [], [did(0, 'email_reply')]);
    const connected = await open({ dataset, hiddenFields: ['EmailMessageRelation'] });
    expect(await readerOf(connected, 'emails').sight(SIGNAL)).toBeNull();
    expect(who((await read(connected, 'emails')).activities)).toEqual([`email_reply ${connected.org.lead(0)}`]);
  });
});

test('a page of 2,000 calls costs one call for the page, not one for each', async () => {
  const connected = await open(calls(2_000, { sharedActivities: true }));
  const before = connected.parts.http.callsMade();
  await read(connected, 'tasks');
  expect(connected.parts.http.callsMade() - before).toBeLessThan(20);
});
