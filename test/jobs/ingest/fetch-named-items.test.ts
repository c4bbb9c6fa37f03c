// What webhooks name beside contacts (a meeting, a deal, a company, a form) is read by its id, or its stream is pulled; whatever HubSpot
// answers, nothing else of it stands still.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { MappedCrm } from '../../../jobs/context.ts';
import { PRIORITY } from '../../../src/domain/priority.ts';
import { insertInboxEvents } from '../../../src/store/inbox/inbox.ts';
import { listPauses } from '../../../src/store/sync/crm-pauses.ts';
import { closeRun, openRun } from '../../../src/store/sync/runs.ts';
import { startFullSync, streamState } from '../../../src/store/sync/streams.ts';
import { PUBLIC_URL, storeWebhook } from '../../support/hubspot-webhooks.ts';
import { leads } from '../../support/leads.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';
import { expectInSync, logEnd } from '../faults/assertions.ts';
import { deliverWebhook, eventOf, runAlone } from './deliver-webhook.ts';

/** No search shows within the time of a test what changes: it is known by webhooks alone. */
const sandbox = { searchLagMs: 6 * 3_600_000 };
const idSchema = z.object({ id: z.string() });

let product: TestProduct;
let used = 0;
beforeAll(async () => {
  product = await openTestProduct({ dataset: leads(16), settings: { PUBLIC_URL }, sandbox });
  await product.backfill();
});
afterAll(() => product.close());
beforeEach(async () => {
  await product.faults();
  // What the test before has left to rest is over.
  product.advanceClock(60_000);
  await product.runUntilIdle();
});

/** Each test has contacts of its own. */
const nextContact = () => product.idOf(`p${used++}`);
const bare = { propertyName: undefined };
const meetingEvent = (id: string, action = 'creation') =>
  eventOf(product, id, { ...bare, subscriptionType: `object.${action}`, objectTypeId: '0-47' });
const meet = async (contactId: string) => {
  const attributes = { title: 'Intro' };
  return idSchema.parse(await product.control('POST', 'activities', { contactId, type: 'meeting', attributes })).id;
};
const ledger = (id: string) =>
  product.context.db.selectFrom('activities').select(['type', 'gone_at']).where('id', '=', id).execute();
const untaken = async () => {
  const rows = product.context.db.selectFrom('inbox').select('ids').orderBy('seq');
  return (await rows.execute()).flatMap(({ ids }) => ids);
};
const recordOf = (id: string) =>
  product.context.db.selectFrom('records').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
const calls = async (path: RegExp, since: number) =>
  (await product.log(since))
    .filter((call) => path.test(call.path))
    .flatMap(({ path: asked, ids = [] }) => [asked, ...ids]);
const state = (stream: string) => streamState(product.context.db, { crm: 'hubspot', stream });

describe('a meeting that a webhook names', () => {
  test('is in the ledger although the search does not show it yet, and gone when it is deleted', async () => {
    const id = await meet(nextContact());
    const since = await logEnd(product);
    await deliverWebhook(product, meetingEvent(id));
    expect(await ledger(`meeting:${id}`)).toEqual([{ type: 'meeting', gone_at: null }]);
    await product.control('DELETE', `activities/meetings/${id}`);
    await deliverWebhook(product, meetingEvent(id, 'deletion'));
    expect((await ledger(`meeting:${id}`))[0]?.gone_at).not.toBeNull();
    expect(await calls(/search$/, since)).toEqual([]);
  });

  test('and that HubSpot calls wrong stops nothing: it is left to the poll', async () => {
    const [one, other] = [nextContact(), nextContact()];
    const id = await meet(one);
    await product.faults({ match: { path: 'meetings' }, action: { status: 400, body: { message: 'no' } } });
    await product.control('PATCH', `contacts/${other}`, { properties: { jobtitle: 'Student' } });
    await deliverWebhook(product, meetingEvent(id), eventOf(product, other));
    expect(await untaken()).toEqual([]);
    expect(await listPauses(product.context.db, ['hubspot'])).toEqual([]);
    expect((await product.contact(other)).properties.leadgrade_explanation).toContain('Student');
    expect(await state('meetings')).toMatchObject({ denied: null });
    await product.faults();
    product.advanceClock(sandbox.searchLagMs);
    await product.poll();
    expect(await ledger(`meeting:${id}`)).toHaveLength(1);
  });

  test('of those that are closed to us closes their stream and nothing else', async () => {
    const [one, other] = [nextContact(), nextContact()];
    const id = await meet(one);
    await product.faults({ match: { path: 'meetings' }, action: { status: 403, body: { message: 'no' } } });
    await product.control('PATCH', `contacts/${other}`, { properties: { jobtitle: 'Student' } });
    await deliverWebhook(product, meetingEvent(id), eventOf(product, other));
    expect(await untaken()).toEqual([]);
    expect(await listPauses(product.context.db, ['hubspot'])).toEqual([]);
    expect((await product.contact(other)).properties.leadgrade_explanation).toContain('Student');
    expect((await state('meetings'))?.unavailableReason).not.toBeNull();
    await product.faults();
    // What is open again is found within a day, and read whole.
    product.advanceClock(25 * 3_600_000);
    await product.poll();
    expect(await ledger(`meeting:${id}`)).toHaveLength(1);
  });

  test('while HubSpot does not answer waits, and is read when it does', async () => {
    const id = await meet(nextContact());
    await product.faults({ match: { path: 'meetings' }, action: { status: 503 } });
    await deliverWebhook(product, meetingEvent(id));
    expect(await untaken()).toEqual([id]);
    await product.faults();
    product.advanceClock(60_000);
    await product.runUntilIdle();
    expect(await ledger(`meeting:${id}`)).toHaveLength(1);
    expect(await untaken()).toEqual([]);
  });
});

describe('whoever something was taken from', () => {
  test('is read again: a company that is gone names nobody who was its', async () => {
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

  test('is read again: a deal that is gone is counted on nobody', async () => {
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

describe('a form that a workflow tells of', () => {
  const submit = (contactId: string, form = 'Request a demo') =>
    product.control('POST', 'activities', { contactId, type: 'form_submission', attributes: { form } });
  const formEvent = (id: string) =>
    eventOf(product, id, { propertyName: 'leadgrade_form_submitted_at', changeSource: 'AUTOMATION_PLATFORM' });
  const named = (count: number, from = 0) =>
    Array.from({ length: count }, (_, n) => {
      const key = `form-${used}-${from + n}`;
      const about = { account: product.sandbox.portalId, kind: 'item', object: 'form_submissions', id: key } as const;
      return { ...about, key, priority: PRIORITY.import, occurredAt: product.clock.now().getTime() };
    });

  test('has the forms read before their time', async () => {
    const id = nextContact();
    await submit(id);
    await deliverWebhook(product, formEvent(id));
    expect((await product.contact(id)).properties.leadgrade_explanation).toContain('Requested a demo');
  });

  test('together with a thousand others has them read once; one that comes while they are read has them read again', async () => {
    const { db, clock } = product.context;
    const id = nextContact();
    await submit(id);
    await insertInboxEvents(db, 'hubspot', named(1_200), clock.now());
    const hubspot = product.context.crms.get('hubspot') as MappedCrm;
    const [late] = named(1, 5_000);
    async function* listChanges(...asked: Parameters<MappedCrm['connector']['listChanges']>) {
      for await (const page of hubspot.connector.listChanges(...asked)) {
        await insertInboxEvents(db, 'hubspot', [late!], clock.now());
        yield page;
      }
    }
    const crms = new Map([['hubspot', { ...hubspot, connector: { ...hubspot.connector, listChanges } }]]);
    const since = await logEnd(product);
    await runAlone(product, ['fetch-items'], { crms });
    expect(await untaken()).toEqual([late?.id]);
    const once = (await calls(/form-integrations|submissions/, since)).length;
    const lead = db.selectFrom('leads').innerJoin('records', 'records.lead_id', 'leads.id').select('leads.priority');
    // What an import has set going overtakes nobody.
    expect(await lead.where('records.id', '=', id).execute()).toEqual([{ priority: PRIORITY.import }]);
    product.advanceClock(11_000);
    await runAlone(product, ['fetch-items']);
    expect(await untaken()).toEqual([]);
    expect((await calls(/form-integrations|submissions/, since)).length).toBeLessThanOrEqual(2 * once);
  });

  test('while somebody else reads the forms whole is left to that, which is not ended by it', async () => {
    const { db, clock, crms } = product.context;
    const id = nextContact();
    await submit(id);
    await storeWebhook(product, [formEvent(id)]);
    const run = await openRun(db, { job: 'backfill', slot: null, state: 'running' }, clock.now());
    const hubspot = crms.get('hubspot') as MappedCrm;
    const { mappingHash } = hubspot;
    async function* listChanges(...asked: Parameters<MappedCrm['connector']['listChanges']>) {
      for await (const page of hubspot.connector.listChanges(...asked)) {
        await startFullSync(db, { crm: 'hubspot', stream: 'form_submissions' }, { run: run!.id, mappingHash });
        yield page;
      }
    }
    const slow = new Map([['hubspot', { ...hubspot, connector: { ...hubspot.connector, listChanges } }]]);
    for (const job of ['fetch-items', 'poll-fast-streams'] as const) {
      await runAlone(product, [job], { crms: slow });
      expect(await state('form_submissions')).toMatchObject({ passing: true, cursor: null, fullSyncRunId: run!.id });
    }
    await product.poll();
    expect(await state('form_submissions')).toMatchObject({ passing: false, fullSyncRunId: run!.id });
    expect((await product.contact(id)).properties.leadgrade_explanation).toContain('Requested a demo');
    expect(await untaken()).toEqual([]);
    await closeRun(db, run!.id, { state: 'done', error: null }, clock.now());
  });
});
