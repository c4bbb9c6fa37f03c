// Reading tasks, events, e-mails and campaign members from a sandbox org.
import { describe, expect, test } from 'vitest';
import { createActivityStreams } from '../../../../connectors/salesforce/streams/activity-streams.ts';
import { participants } from '../../../../connectors/salesforce/streams/event-stream.ts';
import type { SeedActivity } from '../../../../sandbox/dataset/dataset.ts';
import { peopleWithDeals } from '../../../../sandbox/test/salesforce/sandbox-under-test.ts';
import type { ChangePage, Cursor, SourcedActivity } from '../../../../src/crm/connector.ts';
import { type ConnectedOrg, connectedOrg, pagesOf, SIGNAL } from '../salesforce-fixture.ts';

const MINUTE = 60_000;
const LAST_WEEK = Date.parse('2026-03-03T15:30:00Z');

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

/**
 * The cursor after the full sync and the first poll that follows it; advances the clock by ten
 * minutes.
 */
async function cursorAfterAll(connected: ConnectedOrg, stream: string): Promise<Cursor | null> {
  const { cursor } = await read(connected, stream);
  const { cursor: next } = await read(connected, stream, cursor);
  connected.org.advanceClock(10 * MINUTE);
  return next;
}

function did(person: number, type: string, attributes: SeedActivity['attributes'] = {}, at = LAST_WEEK): SeedActivity {
  return { person: `p${person}`, type, at, attributes };
}

/** `type person-id`, sorted. */
function typesAndPeople(activities: readonly SourcedActivity[]): readonly string[] {
  return activities.map(({ type, ref }) => `${type} ${ref.id}`).toSorted();
}

const NO_ACTIVITIES = { activities: [], complete: [] };

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

test('each kind of activity is read with its type, date and attributes from the object that stores it', async () => {
  const connected = await connectedOrg({
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

describe('a full sync', () => {
  test('a full sync reads every call once, by pages, and ends with an empty page', async () => {
    const connected = await connectedOrg(calls(4_050));
    const { pages, activities } = await read(connected, 'tasks');
    expect(pages.map((page) => [page.activities.length, page.isFullSync])).toEqual([
      [2_000, true],
      [2_000, true],
      [50, true],
      [0, false],
    ]);
    expect(new Set(activities.map(({ id }) => id)).size).toBe(4_050);
  });

  test('an interrupted full sync of calls resumes after the last saved page', async () => {
    const connected = await connectedOrg(calls(2_050));
    const all = await read(connected, 'tasks');
    const rest = await read(connected, 'tasks', JSON.parse(JSON.stringify(all.pages[0]?.cursor)));
    expect(rest.activities.map(({ id }) => id)).toEqual(all.activities.slice(2_000).map(({ id }) => id));
  });

  test('a full sync through the Bulk API reads the same calls as through queries', async () => {
    const bulk = await connectedOrg(calls(30), { more: { SALESFORCE_BULK_READ_FROM: '30' } });
    const plain = await connectedOrg(calls(30));
    const [fast, slow] = [await read(bulk, 'tasks'), await read(plain, 'tasks')];
    const shownOf = (activities: readonly SourcedActivity[]) => activities.map(({ ref: _ref, ...rest }) => rest);
    expect(shownOf(fast.activities)).toEqual(shownOf(slow.activities));
    expect(fast.activities).toHaveLength(30);
    expect((await bulk.org.control('GET', '/jobs')).body).toHaveLength(1);
  });

  test('a full sync reads a two-year-old call that Salesforce has archived', async () => {
    const connected = await connectedOrg({
      dataset: peopleWithDeals(1, [], [call(0, Date.parse('2024-02-01T09:00:00Z'))]),
    });
    expect(await connected.org.column('SELECT Id FROM Task')).toEqual([]);
    expect((await read(connected, 'tasks')).activities).toHaveLength(1);
  });

  test('a full sync skips an open call and a task without a person', async () => {
    const connected = await connectedOrg({ dataset: peopleWithDeals(1, []) });
    const { org } = connected;
    const values = { Type: 'Call', ActivityDate: '2026-03-03' };
    await org.control('POST', '/records/Task', { values: { ...values, WhoId: org.lead(0), Status: 'Not Started' } });
    await org.control('POST', '/records/Task', { values: { ...values, Status: 'Completed' } });
    expect((await read(connected, 'tasks')).activities).toEqual([]);
  });
});

describe('a poll after the full sync', () => {
  test('a poll reads a call that was completed since, and an idle poll reads none', async () => {
    const connected = await connectedOrg(calls(3));
    const { org } = connected;
    const values = { Type: 'Call', ActivityDate: '2026-03-03', WhoId: org.lead(1), Status: 'Not Started' };
    const { body } = await org.control('POST', '/records/Task', { values });
    const cursor = await cursorAfterAll(connected, 'tasks');
    expect(await read(connected, 'tasks', cursor)).toMatchObject(NO_ACTIVITIES);
    await org.control('PATCH', `/records/Task/${body.id}`, { values: { Status: 'Completed' } });
    const changed = await read(connected, 'tasks', cursor);
    expect(changed.activities).toMatchObject([{ id: `task:${body.id}`, type: 'call', ref: { id: org.lead(1) } }]);
    expect(await read(connected, 'tasks', changed.cursor)).toMatchObject(NO_ACTIVITIES);
  });

  test('a poll reports a deleted call as an item without activities', async () => {
    const connected = await connectedOrg(calls(3));
    const cursor = await cursorAfterAll(connected, 'tasks');
    const [id] = await connected.org.column('SELECT Id FROM Task');
    await connected.org.control('DELETE', `/records/Task/${id}`);
    const { activities, complete } = await read(connected, 'tasks', cursor);
    expect([activities, complete]).toEqual([[], [`task:${id}`]]);
  });

  test('a poll reads a call that was moved to another lead only for that lead', async () => {
    const connected = await connectedOrg(calls(1));
    const { org } = connected;
    const cursor = await cursorAfterAll(connected, 'tasks');
    const [id] = await org.column('SELECT Id FROM Task');
    await org.control('PATCH', `/records/Task/${id}`, { values: { WhoId: org.lead(2) } });
    const { activities, complete } = await read(connected, 'tasks', cursor);
    expect([typesAndPeople(activities), complete]).toEqual([[`call ${org.lead(2)}`], [`task:${id}`]]);
  });

  test('an interrupted poll of 2,010 calls resumes without losing or repeating any', async () => {
    const connected = await connectedOrg(calls(1));
    const { org } = connected;
    const cursor = await cursorAfterAll(connected, 'tasks');
    const values = { Type: 'Call', WhoId: org.lead(0), Status: 'Completed', ActivityDate: '2026-03-03' };
    for (let n = 0; n < 2_010; n += 201) {
      org.advanceClock(1_000);
      await Promise.all(Array.from({ length: 201 }, () => org.control('POST', '/records/Task', { values })));
    }
    org.advanceClock(10 * MINUTE);
    let saved: ChangePage | null = null;
    for await (const page of readerOf(connected, 'tasks').read(cursor, SIGNAL)) {
      saved = page;
      break;
    }
    const rest = await read(connected, 'tasks', JSON.parse(JSON.stringify(saved?.cursor)));
    const ids = [...(saved?.activities ?? []), ...rest.activities].map(({ id }) => id);
    expect([ids.length, new Set(ids).size]).toEqual([2_010, 2_010]);
  });
});

describe('a converted Lead', () => {
  test('the call of a converted Lead belongs to its Contact', async () => {
    const connected = await connectedOrg(calls(1));
    const { org } = connected;
    const { body } = await org.control('POST', '/convert', { leadId: org.lead(0) });
    expect(typesAndPeople((await read(connected, 'tasks')).activities)).toEqual([`call ${body.contactId}`]);
  });

  test('a campaign member whose Lead was converted belongs only to the Contact', async () => {
    const connected = await connectedOrg({
      dataset: peopleWithDeals(2, [], [did(0, 'form_submission', { form: 'demo' })]),
    });
    const { org } = connected;
    const { body } = await org.control('POST', '/convert', { leadId: org.lead(0) });
    expect(await org.column('SELECT LeadId FROM CampaignMember', 'LeadId')).toEqual([org.lead(0)]);
    const { activities } = await read(connected, 'campaign_members');
    expect(activities.map(({ ref }) => ref)).toEqual([{ object: 'Contact', id: body.contactId }]);
  });
});

describe('campaign members', () => {
  test('a campaign member whose status changes becomes another activity type with the same ID', async () => {
    const joined = did(0, 'webinar', { name: 'Scoring', attended: false });
    const connected = await connectedOrg({ dataset: peopleWithDeals(1, [], [joined]) });
    const { org } = connected;
    const before = await read(connected, 'campaign_members');
    expect(before.activities).toMatchObject([{ type: 'campaign_response', attributes: { status: 'Registered' } }]);
    const cursor = await cursorAfterAll(connected, 'campaign_members');
    const [id] = await org.column('SELECT Id FROM CampaignMember');
    await org.control('PATCH', `/records/CampaignMember/${id}`, { values: { Status: 'Attended' } });
    const after = await read(connected, 'campaign_members', cursor);
    expect(after.activities).toMatchObject([{ id: `campaign-member:${id}`, type: 'webinar' }]);
    expect(before.activities[0]?.id).toBe(after.activities[0]?.id);
  });

  test('a campaign member with a hidden campaign name is read with its other attributes', async () => {
    const response = { campaign: 'Ads', type: 'Advertisement', status: 'Responded' };
    const dataset = peopleWithDeals(1, [], [did(0, 'campaign_response', response)]);
    const connected = await connectedOrg({ dataset, hiddenFields: ['Campaign.Name'] });
    const { activities } = await read(connected, 'campaign_members');
    expect(activities).toMatchObject([{ attributes: { campaign: null, type: 'Advertisement', status: 'Responded' } }]);
  });
});

describe('a call with hidden fields', () => {
  test('a call without visible CompletedDateTime is dated by its due date at midnight UTC', async () => {
    const connected = await connectedOrg(calls(1, { hiddenFields: ['Task.CompletedDateTime', 'Task.Type'] }));
    const { activities } = await read(connected, 'tasks');
    expect(activities).toMatchObject([{ type: 'call', at: Date.parse('2026-03-03T00:00:00Z') }]);
  });

  test('a call with a hidden duration is read with its other attributes', async () => {
    const connected = await connectedOrg(calls(1, { hiddenFields: ['Task.CallDurationInSeconds'] }));
    const { activities } = await read(connected, 'tasks');
    expect(activities).toMatchObject([{ attributes: { outcome: 'Connected', seconds: null } }]);
  });

  test('the tasks stream is unavailable if all its date fields are hidden, and the reason names them', async () => {
    const connected = await connectedOrg(calls(1, { hiddenFields: ['Task.CompletedDateTime', 'Task.ActivityDate'] }));
    const unavailable = await readerOf(connected, 'tasks').checkAvailability(SIGNAL);
    expect(unavailable?.reason).toContain('Task.CompletedDateTime, Task.ActivityDate');
  });
});

describe('the availability of streams', () => {
  const STREAMS = ['campaign_members', 'tasks', 'events', 'emails', 'opportunities'];

  test('every stream is available with the usual permissions', async () => {
    const connected = await connectedOrg();
    expect(createActivityStreams(connected.parts).map(({ stream }) => stream.id)).toEqual(STREAMS);
    for (const stream of STREAMS) expect(await readerOf(connected, stream).checkAvailability(SIGNAL)).toBeNull();
  });

  test.each([
    ['campaign_members', 'CampaignMember'],
    ['tasks', 'Task'],
    ['events', 'Event'],
    ['emails', 'EmailMessage'],
    ['opportunities', 'Opportunity'],
    ['opportunities', 'OpportunityContactRole'],
  ])(
    'the stream %s is unavailable without access to %s, the fix names it, and the other streams are available',
    async (stream, object) => {
      const connected = await connectedOrg({ hiddenFields: [object] });
      const unavailable = await readerOf(connected, stream).checkAvailability(SIGNAL);
      expect(unavailable?.reason).toContain(object);
      expect(unavailable?.fix).toContain(`read ${object}, by`);
      for (const other of STREAMS.filter((each) => each !== stream)) {
        expect(await readerOf(connected, other).checkAvailability(SIGNAL)).toBeNull();
      }
    },
  );

  test('the emails stream is unavailable if neither the relation nor the task of an e-mail is visible', async () => {
    const connected = await connectedOrg({ hiddenFields: ['EmailMessageRelation', 'EmailMessage.ActivityId'] });
    expect((await readerOf(connected, 'emails').checkAvailability(SIGNAL))?.reason).toContain('EmailMessageRelation');
  });
});

describe('with Shared Activities', () => {
  test('a shared call belongs to all its participants, and to one who is added later', async () => {
    const connected = await connectedOrg(calls(1, { sharedActivities: true }));
    const { org } = connected;
    const [TaskId] = await org.column('SELECT Id FROM Task');
    await org.control('POST', '/records/TaskRelation', { values: { TaskId, RelationId: org.lead(1) } });
    const first = await read(connected, 'tasks');
    expect(typesAndPeople(first.activities)).toEqual([`call ${org.lead(0)}`, `call ${org.lead(1)}`].toSorted());
    const cursor = await cursorAfterAll(connected, 'tasks');
    expect(await read(connected, 'tasks', cursor)).toMatchObject(NO_ACTIVITIES);
    await org.control('POST', '/records/TaskRelation', { values: { TaskId, RelationId: org.lead(2) } });
    const joined = await read(connected, 'tasks', cursor);
    expect(typesAndPeople(joined.activities)).toEqual([0, 1, 2].map((n) => `call ${org.lead(n)}`).toSorted());
    expect(joined.complete).toEqual([`task:${TaskId}`]);
    expect(await read(connected, 'tasks', joined.cursor)).toMatchObject(NO_ACTIVITIES);
  });

  test('a shared call no longer belongs to a removed participant', async () => {
    const connected = await connectedOrg(calls(1, { sharedActivities: true }));
    const { org } = connected;
    const [TaskId] = await org.column('SELECT Id FROM Task');
    const values = { TaskId, RelationId: org.lead(1) };
    const { body } = await org.control('POST', '/records/TaskRelation', { values });
    const cursor = await cursorAfterAll(connected, 'tasks');
    await org.control('DELETE', `/records/TaskRelation/${body.id}`);
    const { activities, complete } = await read(connected, 'tasks', cursor);
    expect([typesAndPeople(activities), complete]).toEqual([[`call ${org.lead(0)}`], [`task:${TaskId}`]]);
  });

  test('a shared call that is moved to another lead leaves its first lead and stays with the other participants', async () => {
    const connected = await connectedOrg(calls(1, { sharedActivities: true }));
    const { org } = connected;
    const [TaskId] = await org.column('SELECT Id FROM Task');
    await org.control('POST', '/records/TaskRelation', { values: { TaskId, RelationId: org.lead(1) } });
    const cursor = await cursorAfterAll(connected, 'tasks');
    await org.control('PATCH', `/records/Task/${TaskId}`, { values: { WhoId: org.lead(2) } });
    const { activities } = await read(connected, 'tasks', cursor);
    expect(new Set(typesAndPeople(activities))).toEqual(new Set([`call ${org.lead(1)}`, `call ${org.lead(2)}`]));
  });

  test('a participant who was added during the full sync is read by the next poll', async () => {
    const connected = await connectedOrg(calls(1, { sharedActivities: true }));
    const { org } = connected;
    const [TaskId] = await org.column('SELECT Id FROM Task');
    const { cursor } = await read(connected, 'tasks');
    await org.control('POST', '/records/TaskRelation', { values: { TaskId, RelationId: org.lead(2) } });
    org.advanceClock(MINUTE);
    expect(typesAndPeople((await read(connected, 'tasks', cursor)).activities)).toContain(`call ${org.lead(2)}`);
  });

  test('a meeting belongs to its invitees except those who declined', async () => {
    const dataset = peopleWithDeals(3, [], [did(0, 'meeting', { title: 'Demo' })]);
    const connected = await connectedOrg({ dataset, sharedActivities: true });
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
    expect(typesAndPeople(activities)).toEqual([`meeting ${org.lead(0)}`, `meeting ${org.lead(1)}`].toSorted());
  });
});

describe('meetings', () => {
  test('the copy of a meeting for a colleague has no participants, so the meeting counts once', () => {
    const WhoId = '00Q000000000001AAA';
    expect(participants({ values: { WhoId, IsChild: false }, links: null })).toHaveLength(1);
    expect(participants({ values: { WhoId, IsChild: true }, links: null })).toEqual([]);
  });

  test('canceled meetings and meetings with a no-show are not read as activities', async () => {
    const connected = await connectedOrg({
      dataset: peopleWithDeals(
        1,
        [],
        [did(0, 'meeting', { title: 'A', outcome: 'canceled' }), did(0, 'meeting', { title: 'B', outcome: 'no_show' })],
      ),
    });
    expect((await read(connected, 'events')).activities).toEqual([]);
  });

  test('a future meeting is read with its own date', async () => {
    const next = Date.parse('2026-03-20T10:00:00Z');
    const connected = await connectedOrg({
      dataset: peopleWithDeals(1, [], [did(0, 'meeting', { title: 'Demo' }, next)]),
    });
    expect((await read(connected, 'events')).activities).toMatchObject([{ type: 'meeting', at: next }]);
  });
});

describe('emails', () => {
  test('an e-mail that is opened later is read again with the open, and its possible bounce is part of the item', async () => {
    const sent = did(0, 'email_delivered', { email: 'News' });
    const connected = await connectedOrg({ dataset: peopleWithDeals(1, [], [sent]) });
    const { org } = connected;
    const first = await read(connected, 'emails');
    expect(first.activities.map(({ type }) => type)).toEqual(['email_delivered']);
    const cursor = await cursorAfterAll(connected, 'emails');
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

  test('an incoming e-mail is a reply of its author and not of the people in copy', async () => {
    const connected = await connectedOrg({ dataset: peopleWithDeals(2, [], [did(0, 'email_reply')]) });
    const { org } = connected;
    const [EmailMessageId] = await org.column('SELECT Id FROM EmailMessage');
    const copy = { EmailMessageId, RelationId: org.lead(1), RelationType: 'CcAddress' };
    await org.control('POST', '/records/EmailMessageRelation', { values: copy });
    expect(typesAndPeople((await read(connected, 'emails')).activities)).toEqual([`email_reply ${org.lead(0)}`]);
  });

  test('an e-mail that a sales rep wrote is not read as an activity', async () => {
    const connected = await connectedOrg({
      dataset: peopleWithDeals(1, [], [did(0, 'sales_email', { subject: 'Hello' })]),
    });
    expect((await read(connected, 'emails')).activities).toEqual([]);
  });

  test('an e-mail with a hidden relation belongs to the person of its task', async () => {
    const dataset = peopleWithDeals(1, [], [did(0, 'email_reply')]);
    const connected = await connectedOrg({ dataset, hiddenFields: ['EmailMessageRelation'] });
    expect(await readerOf(connected, 'emails').checkAvailability(SIGNAL)).toBeNull();
    expect(typesAndPeople((await read(connected, 'emails')).activities)).toEqual([
      `email_reply ${connected.org.lead(0)}`,
    ]);
  });
});

test('a page of 2,000 shared calls is read with fewer than 20 API calls', async () => {
  const connected = await connectedOrg(calls(2_000, { sharedActivities: true }));
  const before = connected.parts.http.apiCallCount();
  await read(connected, 'tasks');
  expect(connected.parts.http.apiCallCount() - before).toBeLessThan(20);
});

describe('rows that are no activity of a lead', () => {
  test.each([
    ['a series of Salesforce Classic', { IsRecurrence: true }],
    ['a series of Lightning Experience', { GroupEventType: '3' }],
  ])('each occurrence of %s is a meeting, and its pattern is none', async (_, pattern) => {
    const connected = await connectedOrg({});
    const { org } = connected;
    const values = { WhoId: org.lead(0), Subject: 'Weekly', StartDateTime: '2026-03-03T10:00:00Z' };
    const { body } = await org.control('POST', '/records/Event', { values: { ...values, ...pattern } });
    for (const day of ['03', '10', '17']) {
      const occurrence = { ...values, StartDateTime: `2026-03-${day}T10:00:00Z`, RecurrenceActivityId: body.id };
      await org.control('POST', '/records/Event', { values: occurrence });
    }
    const { activities } = await read(connected, 'events');
    expect(typesAndPeople(activities)).toEqual(Array.from({ length: 3 }, () => `meeting ${org.lead(0)}`));
    expect(activities.map(({ id }) => id)).not.toContain(`event:${body.id}`);
  });

  test('the pattern of a series of calls is no call', async () => {
    const connected = await connectedOrg(calls(0));
    const { org } = connected;
    const values = { Type: 'Call', WhoId: org.lead(0), Status: 'Completed', ActivityDate: '2026-03-03' };
    const { body } = await org.control('POST', '/records/Task', { values: { ...values, IsRecurrence: true } });
    await org.control('POST', '/records/Task', { values: { ...values, RecurrenceActivityId: body.id } });
    expect(typesAndPeople((await read(connected, 'tasks')).activities)).toEqual([`call ${org.lead(0)}`]);
  });

  test('an e-mail to a case is no reply, and an e-mail to a sales rep is one', async () => {
    const connected = await connectedOrg({ dataset: peopleWithDeals(3, [], [did(0, 'email_reply')]) });
    const { org } = connected;
    const { body } = await org.control('POST', '/records/Case', { values: { Subject: 'It does not work' } });
    const values = { ParentId: body.id, Incoming: true, Status: '1', MessageDate: '2026-03-03T10:00:00Z' };
    const { body: message } = await org.control('POST', '/records/EmailMessage', { values });
    const relation = { EmailMessageId: message.id, RelationId: org.lead(1), RelationType: 'FromAddress' };
    await org.control('POST', '/records/EmailMessageRelation', { values: relation });
    expect(typesAndPeople((await read(connected, 'emails')).activities)).toEqual([`email_reply ${org.lead(0)}`]);
  });
});
