// Items that webhooks name (a meeting, a deal, a company, a form) are read by ID, or their stream
// is synced. A refusal of one item does not stop the other work.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { MappedCrm } from '../../../jobs/context.ts';
import { PRIORITY } from '../../../src/domain/priority.ts';
import { insertInboxEvents } from '../../../src/store/inbox/inbox.ts';
import { groupSetAside } from '../../../src/store/set-aside/list-set-aside.ts';
import { listPauses } from '../../../src/store/sync/crm-pauses.ts';
import { closeRun, openRun } from '../../../src/store/sync/runs.ts';
import { startFullSync, streamState } from '../../../src/store/sync/streams.ts';
import { PUBLIC_URL, storeWebhook } from '../../support/hubspot-webhooks.ts';
import { leads } from '../../support/leads.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';
import { expectInSync, logEnd } from '../faults/assertions.ts';
import { deliverWebhook, eventOf, runAlone } from './deliver-webhook.ts';

/** During a test no search lists a change, so it is known from webhooks only. */
const sandbox = { searchLagMs: 6 * 3_600_000 };
const idSchema = z.object({ id: z.string() });

let product: TestProduct;
let usedPeople = 0;
beforeAll(async () => {
  product = await openTestProduct({ dataset: leads(16), settings: { PUBLIC_URL }, sandbox });
  await product.backfill();
});
afterAll(() => product.close());
beforeEach(async () => {
  await product.faults();
  // The debounce windows and pauses of the previous test end.
  product.advanceClock(60_000);
  await product.runUntilIdle();
});

/** Each test uses other contacts. */
const nextContact = () => product.idOf(`p${usedPeople++}`);
const bare = { propertyName: undefined };
const meetingEvent = (id: string, action = 'creation') =>
  eventOf(product, id, { ...bare, subscriptionType: `object.${action}`, objectTypeId: '0-47' });
const createMeeting = async (contactId: string) => {
  const attributes = { title: 'Intro' };
  return idSchema.parse(await product.control('POST', 'activities', { contactId, type: 'meeting', attributes })).id;
};
const storedActivity = (id: string) =>
  product.context.db.selectFrom('activities').select(['type', 'gone_at']).where('id', '=', id).execute();
const pendingIds = async () => {
  const rows = product.context.db.selectFrom('inbox').select('ids').orderBy('seq');
  return (await rows.execute()).flatMap(({ ids }) => ids);
};
const recordOf = (id: string) =>
  product.context.db.selectFrom('records').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
const calls = async (path: RegExp, since: number) =>
  (await product.log(since)).filter((call) => path.test(call.path)).flatMap(({ path, ids = [] }) => [path, ...ids]);
const state = (stream: string) => streamState(product.context.db, { crm: 'hubspot', stream });

describe('a meeting that a webhook names', () => {
  test('is stored although the search does not list it yet, and gone after its deletion', async () => {
    const id = await createMeeting(nextContact());
    const since = await logEnd(product);
    await deliverWebhook(product, meetingEvent(id));
    expect(await storedActivity(`meeting:${id}`)).toEqual([{ type: 'meeting', gone_at: null }]);
    await product.control('DELETE', `activities/meetings/${id}`);
    await deliverWebhook(product, meetingEvent(id, 'deletion'));
    expect((await storedActivity(`meeting:${id}`))[0]?.gone_at).not.toBeNull();
    expect(await calls(/search$/, since)).toEqual([]);
  });

  test('while its contact was deleted is stored when the contact is restored, without a poll', async () => {
    const contact = nextContact();
    const contactEvent = (action: string) =>
      eventOf(product, contact, { ...bare, subscriptionType: `contact.${action}` });
    const id = await createMeeting(contact);
    await product.control('DELETE', `contacts/${contact}`);
    await deliverWebhook(product, contactEvent('deletion'), meetingEvent(id));
    expect(await storedActivity(`meeting:${id}`)).toEqual([]);
    await product.control('POST', `contacts/${contact}/restore`);
    product.advanceClock(10_000);
    const since = await logEnd(product);
    await deliverWebhook(product, contactEvent('restore'));
    expect(await storedActivity(`meeting:${id}`)).toEqual([{ type: 'meeting', gone_at: null }]);
    expect(await calls(/search$/, since)).toEqual([]);
  });

  test('and that HubSpot refuses as invalid is read by the next poll, and other events are processed', async () => {
    const [one, other] = [nextContact(), nextContact()];
    const id = await createMeeting(one);
    await product.faults({ match: { path: 'meetings' }, action: { status: 400, body: { message: 'no' } } });
    await product.control('PATCH', `contacts/${other}`, { properties: { jobtitle: 'Student' } });
    await deliverWebhook(product, meetingEvent(id), eventOf(product, other));
    expect(await pendingIds()).toEqual([]);
    expect(await listPauses(product.context.db, ['hubspot'])).toEqual([]);
    expect((await product.contact(other)).properties.leadgrade_explanation).toContain('Student');
    expect(await state('meetings')).toMatchObject({ unavailableReason: null });
    await product.faults();
    product.advanceClock(sandbox.searchLagMs);
    await product.poll();
    expect(await storedActivity(`meeting:${id}`)).toHaveLength(1);
  });

  test('and that the token may not read makes only its stream unavailable', async () => {
    const [one, other] = [nextContact(), nextContact()];
    const id = await createMeeting(one);
    await product.faults({ match: { path: 'meetings' }, action: { status: 403, body: { message: 'no' } } });
    await product.control('PATCH', `contacts/${other}`, { properties: { jobtitle: 'Student' } });
    await deliverWebhook(product, meetingEvent(id), eventOf(product, other));
    expect(await pendingIds()).toEqual([]);
    expect(await listPauses(product.context.db, ['hubspot'])).toEqual([]);
    expect((await product.contact(other)).properties.leadgrade_explanation).toContain('Student');
    expect((await state('meetings'))?.unavailableReason).not.toBeNull();
    await product.faults();
    // The availability is checked again within a day, and a full sync reads the stream.
    product.advanceClock(25 * 3_600_000);
    await product.poll();
    expect(await storedActivity(`meeting:${id}`)).toHaveLength(1);
  });

  test('during an outage of HubSpot stays in the inbox, and is read afterwards', async () => {
    const id = await createMeeting(nextContact());
    await product.faults({ match: {}, action: { status: 503 } });
    await deliverWebhook(product, meetingEvent(id));
    expect(await pendingIds()).toEqual([id]);
    await product.faults();
    product.advanceClock(60_000);
    await product.runUntilIdle();
    expect(await storedActivity(`meeting:${id}`)).toHaveLength(1);
    expect(await pendingIds()).toEqual([]);
  });
});

describe('a meeting that HubSpot cannot return', () => {
  test('is set aside, the next event is processed, and it is read by itself when HubSpot can', async () => {
    const [one, other] = [nextContact(), nextContact()];
    const id = await createMeeting(one);
    await product.faults({ match: { path: 'meetings' }, action: { status: 503 } });
    await product.control('PATCH', `contacts/${other}`, { properties: { jobtitle: 'Student' } });
    await deliverWebhook(product, meetingEvent(id), eventOf(product, other));
    expect(await pendingIds()).toEqual([]);
    expect(await listPauses(product.context.db, ['hubspot'])).toEqual([]);
    expect((await product.contact(other)).properties.leadgrade_explanation).toContain('Student');
    expect(await groupSetAside(product.context.db, ['hubspot'])).toMatchObject([
      { stream: 'meetings', kind: 'named-item', code: 'HTTP_503', ids: [id] },
    ]);
    await product.faults();
    product.advanceClock(60_001);
    await product.poll();
    expect(await storedActivity(`meeting:${id}`)).toHaveLength(1);
    expect(await groupSetAside(product.context.db, ['hubspot'])).toEqual([]);
  });
});

describe('a contact whose', () => {
  test('company is deleted is read again, although HubSpot no longer names the contacts of that company', async () => {
    const id = nextContact();
    const { company_id } = await recordOf(id);
    await product.control('DELETE', 'associations', { contactId: id, companyId: company_id });
    await deliverWebhook(
      product,
      eventOf(product, String(company_id), { ...bare, subscriptionType: 'company.deletion' }),
    );
    expect(await recordOf(id)).toMatchObject({ company_id: null, dirty_at: null });
    await expectInSync(product);
  });

  test('deal is deleted is read again, and the deal no longer counts', async () => {
    const ids = [nextContact(), nextContact()];
    const deal = idSchema.parse(await product.control('POST', 'deals', { contactIds: ids, stage: 'closedwon' })).id;
    await deliverWebhook(product, eventOf(product, deal, { ...bare, subscriptionType: 'deal.creation' }));
    product.advanceClock(60_000);
    await product.runUntilIdle();
    await product.control('DELETE', `deals/${deal}`);
    const since = await logEnd(product);
    await deliverWebhook(product, eventOf(product, deal, { ...bare, subscriptionType: 'deal.deletion' }));
    expect(await calls(/contacts\/batch\/read$/, since)).toEqual(expect.arrayContaining(ids));
    const outcomes = product.context.db.selectFrom('deal_outcomes').select('gone_at').where('id', '=', `deal:${deal}`);
    expect((await outcomes.execute()).map(({ gone_at }) => gone_at !== null)).toEqual([true, true]);
  });
});

describe('a form submission that a workflow reports', () => {
  const submit = (contactId: string, form = 'Request a demo') =>
    product.control('POST', 'activities', { contactId, type: 'form_submission', attributes: { form } });
  const formEvent = (id: string) =>
    eventOf(product, id, { propertyName: 'leadgrade_form_submitted_at', changeSource: 'AUTOMATION_PLATFORM' });
  const named = (count: number, from = 0) =>
    Array.from({ length: count }, (_, n) => {
      const key = `form-${usedPeople}-${from + n}`;
      const about = { account: product.sandbox.portalId, kind: 'item', object: 'form_submissions', id: key } as const;
      return { ...about, key, priority: PRIORITY.import, occurredAt: product.clock.now().getTime() };
    });

  test('makes the forms read at once', async () => {
    const id = nextContact();
    await submit(id);
    await deliverWebhook(product, formEvent(id));
    expect((await product.contact(id)).properties.leadgrade_explanation).toContain('Requested a demo');
  });

  test('causes one sync together with 1,200 others, and one more sync for an event that arrives during it', async () => {
    const { db, clock } = product.context;
    const id = nextContact();
    await submit(id);
    await insertInboxEvents(db, 'hubspot', named(1_200), clock.now());
    const hubspot = product.context.crms.get('hubspot') as MappedCrm;
    const [late] = named(1, 5_000);
    async function* listChanges(...args: Parameters<MappedCrm['connector']['listChanges']>) {
      for await (const page of hubspot.connector.listChanges(...args)) {
        await insertInboxEvents(db, 'hubspot', [late!], clock.now());
        yield page;
      }
    }
    const crms = new Map([['hubspot', { ...hubspot, connector: { ...hubspot.connector, listChanges } }]]);
    const since = await logEnd(product);
    await runAlone(product, ['fetch-items'], { crms });
    expect(await pendingIds()).toEqual([late?.id]);
    const callsOfOneSync = (await calls(/form-integrations|submissions/, since)).length;
    const lead = db.selectFrom('leads').innerJoin('records', 'records.lead_id', 'leads.id').select('leads.priority');
    // Events of an import do not raise the priority.
    expect(await lead.where('records.id', '=', id).execute()).toEqual([{ priority: PRIORITY.import }]);
    product.advanceClock(11_000);
    await runAlone(product, ['fetch-items']);
    expect(await pendingIds()).toEqual([]);
    expect((await calls(/form-integrations|submissions/, since)).length).toBeLessThanOrEqual(2 * callsOfOneSync);
  });

  test('during a full sync of the forms is left to that full sync, which is not ended by it', async () => {
    const { db, clock, crms } = product.context;
    const id = nextContact();
    await submit(id);
    await storeWebhook(product, [formEvent(id)]);
    const run = await openRun(db, { job: 'backfill', slot: null, state: 'running' }, clock.now());
    const hubspot = crms.get('hubspot') as MappedCrm;
    const { mappingHash } = hubspot;
    async function* listChanges(...args: Parameters<MappedCrm['connector']['listChanges']>) {
      for await (const page of hubspot.connector.listChanges(...args)) {
        await startFullSync(db, { crm: 'hubspot', stream: 'form_submissions' }, { runId: run!.id, mappingHash });
        yield page;
      }
    }
    const slow = new Map([['hubspot', { ...hubspot, connector: { ...hubspot.connector, listChanges } }]]);
    for (const job of ['fetch-items', 'poll-fast-streams'] as const) {
      await runAlone(product, [job], { crms: slow });
      expect(await state('form_submissions')).toMatchObject({
        fullSyncActive: true,
        cursor: null,
        fullSyncRunId: run!.id,
      });
    }
    await product.poll();
    expect(await state('form_submissions')).toMatchObject({ fullSyncActive: false, fullSyncRunId: run!.id });
    expect((await product.contact(id)).properties.leadgrade_explanation).toContain('Requested a demo');
    expect(await pendingIds()).toEqual([]);
    await closeRun(db, run!.id, { state: 'done', error: null }, clock.now());
  });
});
