// Webhooks become a written score without a poll, in any number and order. Other items than
// contacts: fetch-named-items.test.ts.
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { MappedCrm } from '../../../jobs/context.ts';
import { reprocessQuarantine } from '../../../jobs/ingest/reprocess-quarantine.ts';
import { insertInboxEvents } from '../../../src/store/inbox/inbox.ts';
import { insertQuarantine } from '../../../src/store/inbox/quarantine.ts';
import { listErrors } from '../../../src/store/leads/record-errors.ts';
import { listConflictsOfLead } from '../../../src/store/records/field-conflicts.ts';
import { claimAccount } from '../../../src/store/sync/crm-accounts.ts';
import { PUBLIC_URL, storeWebhook } from '../../support/hubspot-webhooks.ts';
import { leads } from '../../support/leads.ts';
import { openTestProduct, type TestProduct, type TestProductOptions } from '../../support/product.ts';
import { expectInSync, logEnd, scoreOf } from '../faults/assertions.ts';
import { deliverWebhook, eventOf, runAlone } from './deliver-webhook.ts';

const settings = { PUBLIC_URL };
/** During a test no search lists a change, so it is known from webhooks only. */
const sandbox = { searchLagMs: 6 * 3_600_000 };
const open = (options: TestProductOptions = {}) => openTestProduct({ dataset: leads(6), settings, ...options });

let product: TestProduct;
let usedPeople = 0;

/** One product for all tests of a suite. Each test uses other contacts. */
function useSharedProduct(count: number): void {
  beforeAll(async () => {
    product = await openTestProduct({ dataset: leads(count), settings, sandbox });
    await product.backfill();
    usedPeople = 0;
  });
  afterAll(() => product.close());
  beforeEach(async () => {
    // The debounce windows and pauses of the previous test end.
    product.advanceClock(60_000);
    await product.runUntilIdle();
  });
}

const nextContact = () => product.idOf(`p${usedPeople++}`);

const event = (id: string, over: Readonly<Record<string, unknown>> = {}) => eventOf(product, id, over);
const deliver = (...events: readonly object[]) => deliverWebhook(product, ...events);
const setTitle = (id: string, jobtitle: string) =>
  product.control('PATCH', `contacts/${id}`, { properties: { jobtitle } });
const explanation = async (id: string) => (await product.contact(id)).properties.leadgrade_explanation;
const callsOf = async (path: string, since: number) =>
  (await product.log(since)).filter((call) => call.path.endsWith(path));
const reads = (since: number) => callsOf('/contacts/batch/read', since);
const recordOf = (id: string) =>
  product.context.db.selectFrom('records').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
/** Inbox rows that name this ID. */
const pendingOf = async (id: string) =>
  (await product.context.db.selectFrom('inbox').select(['kind', 'ids']).execute()).filter(({ ids }) =>
    ids.includes(id),
  );

describe('a webhook', () => {
  useSharedProduct(16);

  test('about a changed title causes a read and a write of the contact, and no search', async () => {
    const id = nextContact();
    await setTitle(id, 'Student');
    const since = await logEnd(product);
    await deliver(event(id));
    expect(await explanation(id)).toContain('Student or intern');
    expect(await callsOf('/search', since)).toEqual([]);
    expect(await product.writes(since)).toHaveLength(1);
    await expectInSync(product);
  });

  test('that arrives 1,000 times for one contact causes one read, and one more after the debounce window', async () => {
    const id = nextContact();
    const since = await logEnd(product);
    const burst = () => Array.from({ length: 1_000 }, () => event(id));
    await deliver(...burst());
    expect(await reads(since)).toHaveLength(1);
    await setTitle(id, 'Student');
    await deliver(...burst());
    expect(await reads(since)).toHaveLength(1);
    expect(await explanation(id)).not.toContain('Student');
    product.advanceClock(5_100);
    await product.runUntilIdle();
    expect(await reads(since)).toHaveLength(2);
    expect(await explanation(id)).toContain('Student or intern');
    await expectInSync(product);
  });

  test('about a deleted, restored or merged contact updates its state', async () => {
    const [one, survivor, merged] = [nextContact(), nextContact(), nextContact()];
    await product.control('DELETE', `contacts/${one}`);
    await deliver(event(one, { subscriptionType: 'contact.deletion', propertyName: undefined }));
    expect((await recordOf(one)).state).toBe('gone');
    await product.control('POST', `contacts/${one}/restore`);
    product.advanceClock(10_000);
    await deliver(event(one, { subscriptionType: 'contact.restore', propertyName: undefined }));
    expect((await recordOf(one)).state).toBe('live');
    await product.control('POST', 'merge', { primaryId: survivor, mergedId: merged });
    const ids = { primaryObjectId: Number(survivor), mergedObjectIds: [Number(merged)], newObjectId: Number(survivor) };
    const unnamed = { propertyName: undefined, objectId: undefined };
    await deliver(event(survivor, { subscriptionType: 'contact.merge', ...unnamed, ...ids }));
    expect(await recordOf(merged)).toMatchObject({ state: 'merged', merged_into: survivor });
    await expectInSync(product);
  });

  test('stored by a process that was killed before it enqueued a job is processed after the next poll', async () => {
    const id = nextContact();
    await setTitle(id, 'Student');
    await storeWebhook(product, [event(id)]);
    await product.restart();
    const since = await logEnd(product);
    await product.poll();
    expect(await pendingOf(id)).toEqual([]);
    expect((await reads(since)).map(({ ids }) => ids)).toEqual([[id]]);
    expect(await explanation(id)).toContain('Student or intern');
  });

  test('during an outage of HubSpot leaves its record dirty, which is read afterwards', async () => {
    const id = nextContact();
    await setTitle(id, 'Student');
    await product.faults({ match: { path: '/crm/' }, action: { status: 503 } });
    await deliver(event(id));
    expect(await explanation(id)).not.toContain('Student');
    await product.faults();
    product.advanceClock(60_000);
    await product.poll();
    expect(await explanation(id)).toContain('Student or intern');
    await expectInSync(product);
  });

  test('of another portal makes no record dirty', async () => {
    const id = nextContact();
    await deliver(event(id, { portalId: 999 }));
    expect(await pendingOf(id)).toEqual([]);
    expect((await recordOf(id)).dirty_at).toBeNull();
    expect(product.lines.some(({ message }) => /another account/.test(message))).toBe(true);
  });

  test('is processed if the token may not read its own account', async () => {
    const id = nextContact();
    await product.context.db.deleteFrom('crm_accounts').execute();
    await product.faults({ match: { path: 'account-info' }, action: { status: 403, body: {} } });
    await setTitle(id, 'Student');
    await deliver(event(id));
    await product.faults();
    expect(await explanation(id)).toContain('Student or intern');
    expect(await product.context.db.selectFrom('crm_accounts').selectAll().execute()).toEqual([]);
  });

  test('in quarantine that this version can parse moves to the inbox on demand', async () => {
    const id = nextContact();
    const { db, clock } = product.context;
    const parts = [
      { text: JSON.stringify(event(id)), reason: 'from an older version' },
      { text: '{]', reason: 'not JSON' },
    ];
    await insertQuarantine(db, 'hubspot', parts, clock.now());
    expect(await reprocessQuarantine(product.context)).toBe(1);
    expect(await pendingOf(id)).toHaveLength(1);
    expect(await db.selectFrom('quarantine').select('body').execute()).toEqual([{ body: '{]' }]);
  });
});

describe('records become dirty', () => {
  useSharedProduct(4);
  const meeting = { subscriptionType: 'object.creation', objectTypeId: '0-47', propertyName: undefined };

  test('without an API call, also when other items must be read from HubSpot', async () => {
    const id = nextContact();
    // The account is read once.
    await deliver(event(id));
    await storeWebhook(product, [event('4711', meeting), event(id)]);
    const since = await logEnd(product);
    expect(await runAlone(product, ['process-inbox'])).toEqual(
      expect.arrayContaining(['fetch-items', 'refresh-records']),
    );
    expect(await product.log(since)).toEqual([]);
    expect(await pendingOf(id)).toEqual([]);
    expect(await pendingOf('4711')).toEqual([{ kind: 'item', ids: ['4711'] }]);
    expect((await recordOf(id)).dirty_at).not.toBeNull();
  });

  test('in one CRM although the events of another CRM cannot be stored', async () => {
    const id = nextContact();
    const { db, crms, clock } = product.context;
    const hubspot = crms.get('hubspot') as MappedCrm;
    await claimAccount(db, { crm: 'broken', account: '1' }, clock.now());
    const brokenEvent = {
      account: '1',
      kind: 'record',
      object: 'contacts',
      id: 'x',
      priority: 1,
      occurredAt: 0,
    } as const;
    await insertInboxEvents(db, 'broken', [{ ...brokenEvent, key: 'broken' }], clock.now());
    await sql`create function leadgrade.refuse() returns trigger language plpgsql
      as 'begin raise exception ''no room''; end'`.execute(db);
    await sql`create trigger refuse before insert on leadgrade.records for each row
      when (new.crm = 'broken') execute function leadgrade.refuse()`.execute(db);
    await storeWebhook(product, [event(id)]);
    const both = new Map([['broken', hubspot] as const, ...crms]);
    await expect(runAlone(product, ['process-inbox'], { crms: both })).rejects.toThrow('no room');
    await sql`drop trigger refuse on leadgrade.records`.execute(db);
    expect(await pendingOf(id)).toEqual([]);
    expect((await recordOf(id)).dirty_at).not.toBeNull();
  });
});

test('webhooks about 250 contacts cause reads in full batches', async () => {
  product = await open({ dataset: leads(250) });
  await product.backfill();
  product.advanceClock(60_000);
  const since = await logEnd(product);
  const all = [...product.sandbox.contactIds.values()];
  await deliver(...all.flatMap((id) => [event(id), event(id)]));
  const sizes = (await reads(since)).map(({ ids = [] }) => ids.length);
  expect(sizes.toSorted((a, b) => a - b)).toEqual([50, 100, 100]);
  await expectInSync(product);
});

describe('a person who was deleted in HubSpot for privacy', () => {
  useSharedProduct(4);
  const erasure = { subscriptionType: 'contact.privacyDeletion', propertyName: undefined };
  const TABLES = [
    'activities',
    'field_values',
    'outbox',
    'record_errors',
    'field_conflicts',
    'record_links',
    'counter_positions',
  ] as const;

  /** The tables with rows of that contact. */
  async function tablesOf(id: string): Promise<readonly string[]> {
    const { db } = product.context;
    const found = await Promise.all(
      TABLES.map((table) => db.selectFrom(table).select('crm').where('record_id', '=', id).limit(1).execute()),
    );
    return TABLES.filter((_, at) => (found[at]?.length ?? 0) > 0);
  }

  test('is erased from every table at once, and later events are ignored', async () => {
    const id = nextContact();
    const { db, clock } = product.context;
    const email = String((await recordOf(id)).fields['contact.email']);
    expect(email).toContain('@');
    // A meeting, an edit of our fields, a value that cannot be parsed, and a score that waits to be
    // written.
    await product.control('POST', 'activities', { contactId: id, type: 'meeting', attributes: { title: 'Intro' } });
    product.advanceClock(sandbox.searchLagMs);
    await product.poll();
    const edited = { leadgrade_status: 'cold', country: 'Canaryland', jobtitle: 'Student' };
    await product.control('PATCH', `contacts/${id}`, { properties: edited });
    await product.faults({ match: { path: 'batch/update' }, action: { status: 503 } });
    await deliver(event(id));
    await product.faults();
    const of = { crm: 'hubspot', object: 'contacts', record_id: id };
    await db
      .insertInto('record_links')
      .values({ ...of, to_crm: 'salesforce', to_object: 'Lead', to_id: '00Q' })
      .execute();
    await db
      .insertInto('counter_positions')
      .values({ ...of, counter: 'page_views_counted', value: 1, last_number: 1, dated_at: clock.now(), crm_value: 1 })
      .execute();
    expect(await tablesOf(id)).toEqual(TABLES);
    await insertQuarantine(
      db,
      'hubspot',
      [
        { text: `{"email":"${email.toUpperCase()}"}`, reason: 'x' },
        { text: `{"objectId":${id},"x":1}`, reason: 'y' },
        { text: '{"objectId":12345}', reason: 'z' },
      ],
      clock.now(),
    );
    await storeWebhook(product, [event(id)]);
    await product.control('POST', `contacts/${id}/privacy-deletion`);
    await deliver(event(id, erasure));
    expect(await recordOf(id)).toMatchObject({ state: 'gone', fields: {}, crm_values: {} });
    expect(await tablesOf(id)).toEqual([]);
    expect(await db.selectFrom('quarantine').select('body').execute()).toEqual([{ body: '{"objectId":12345}' }]);
    const [report] = await db.selectFrom('erasures').selectAll().execute();
    expect(report?.erased).toMatchObject({ quarantine: 2 });
    expect(report?.email_hash).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(report)).not.toContain(email);
    const since = await logEnd(product);
    await deliver(event(id), event(id, erasure));
    expect(await reads(since)).toEqual([]);
    expect((await recordOf(id)).dirty_at).toBeNull();
    product.advanceClock(60_000);
    await product.poll();
    await expectInSync(product);
  });

  test('is set aside alone if the database refuses the erasure, and erased when it is tried again', async () => {
    const { db } = product.context;
    const [refused, erased, changed] = [nextContact(), nextContact(), nextContact()];
    await sql`create function leadgrade.refuse_erasure() returns trigger language plpgsql
      as 'begin raise exception ''refused'' using errcode = ''23514''; end'`.execute(db);
    await sql`create trigger refuse_erasure before update on leadgrade.records for each row
      when (new.id = ${sql.lit(refused)} and new.erased_at is not null) execute function leadgrade.refuse_erasure()`.execute(
      db,
    );
    for (const id of [refused, erased]) await product.control('POST', `contacts/${id}/privacy-deletion`);
    await product.control('PATCH', `contacts/${changed}`, { properties: { jobtitle: 'Student' } });
    await deliver(event(refused, erasure), event(erased, erasure), event(changed));
    expect((await recordOf(erased)).erased_at).not.toBeNull();
    expect((await recordOf(changed)).fields['contact.job_title']).toBe('Student');
    expect((await recordOf(refused)).erased_at).toBeNull();
    expect(await pendingOf(refused)).toEqual([{ kind: 'erasure', ids: [refused] }]);
    const things = () => db.selectFrom('set_aside').select(['stream', 'kind', 'part_id', 'code']).execute();
    expect(await things()).toEqual([{ stream: 'contacts', kind: 'erasure', part_id: refused, code: 'VALUE_REFUSED' }]);
    await sql`drop trigger refuse_erasure on leadgrade.records`.execute(db);
    product.advanceClock(60_001);
    await product.poll();
    expect((await recordOf(refused)).erased_at).not.toBeNull();
    expect([await things(), await pendingOf(refused)]).toEqual([[], []]);
    expect(product.lines.map(({ message }) => message)).toContain(
      `hubspot: no longer set aside: erasing a record of contacts: ${refused} (VALUE_REFUSED)`,
    );
  });

  test('and was never read leaves a tombstone, so late events create no record', async () => {
    await deliver(event('987654321', erasure));
    const since = await logEnd(product);
    await deliver(event('987654321'));
    expect(await reads(since)).toEqual([]);
    expect((await recordOf('987654321')).erased_at).not.toBeNull();
  });
});

describe('a lead whose record changes in a loop', () => {
  useSharedProduct(2);

  test('is paused and listed after 60 scorings in an hour, and scored again after the hour', async () => {
    const [id, other] = [nextContact(), nextContact()];
    const { db, clock } = product.context;
    const { lead_id } = await recordOf(id);
    await db
      .updateTable('leads')
      .set({ rescore_window_started_at: clock.now(), rescore_window_count: 58 })
      .where('id', '=', lead_id)
      .execute();
    const changeTitle = async (title: string) => {
      await setTitle(id, title);
      product.advanceClock(6_000);
      await deliver(event(id));
    };
    for (const title of ['Student', 'VP Sales', 'Student']) await changeTitle(title);
    const written = (await product.writes()).length;
    for (const title of ['VP Sales', 'Student', 'VP Sales']) await changeTitle(title);
    expect(await listErrors(db, { after: 0, limit: 10 })).toMatchObject([{ code: 'SCORED_TOO_OFTEN', record_id: id }]);
    expect(await product.writes()).toHaveLength(written);
    expect(await explanation(id)).not.toContain('Student');
    await setTitle(other, 'Student');
    await deliver(event(other));
    expect(await explanation(other)).toContain('Student');
    await setTitle(id, 'Student');
    product.advanceClock(3_600_000);
    await deliver(event(id));
    expect(await explanation(id)).toContain('Student or intern');
    expect(await listErrors(db, { after: 0, limit: 10 })).toEqual([]);
  });
});

describe('another writer of our fields', () => {
  const edit = { properties: { leadgrade_status: 'cold', leadgrade_total_score: '1' } };
  const edited = async (id: string) => {
    const { lead_id } = await recordOf(id);
    const seen = await listConflictsOfLead(product.context.db, lead_id, 10);
    return seen.map(({ field, theirs, policy }) => `${policy}: ${field} ${theirs}`).toSorted();
  };

  test('is overwritten, and the edit is listed as a conflict', async () => {
    product = await open();
    await product.backfill();
    const id = product.idOf('p1');
    const before = scoreOf(await product.contact(id));
    await product.control('PATCH', `contacts/${id}`, edit);
    await product.sync();
    expect(scoreOf(await product.contact(id))).toEqual(before);
    expect(await edited(id)).toEqual(['overwrite: status cold', 'overwrite: total_score 1']);
    await product.sync();
    expect(await edited(id)).toHaveLength(2);
  });

  test('is respected if the mapping says so, until the field is emptied', async () => {
    product = await open();
    await product.backfill();
    const id = product.idOf('p1');
    const before = scoreOf(await product.contact(id));
    const crms = new Map(
      [...product.context.crms].map(([crm, mapped]) => [crm, { ...mapped, editPolicy: 'respect' as const }] as const),
    );
    const editAndSync = async (properties: object) => {
      await product.control('PATCH', `contacts/${id}`, { properties });
      product.advanceClock(60_000);
      await storeWebhook(product, [event(id, { propertyName: 'jobtitle' })]);
      await runAlone(product, ['process-inbox', 'fetch-items', 'refresh-records', 'score-leads', 'write-scores'], {
        crms,
      });
    };
    await editAndSync({ leadgrade_status: 'cold', jobtitle: 'Student' });
    expect(scoreOf(await product.contact(id))).toEqual({ ...before, status: 'cold' });
    expect(await edited(id)).toEqual(['respect: status cold']);
    await editAndSync({ leadgrade_status: '' });
    expect(await explanation(id)).toContain('Student or intern');
    expect((await product.contact(id)).properties.leadgrade_status).not.toBe('cold');
  });

  test('is not confused with our own writes, also when a response is lost', async () => {
    product = await open();
    await product.backfill();
    for (const title of ['Student', 'VP Sales']) {
      await setTitle(product.idOf('p1'), title);
      await product.faults({ match: { path: 'batch/update', nth: 1 }, action: { applyThenReset: true } });
      await product.sync();
      product.advanceClock(60_000);
      await product.poll();
    }
    expect(await product.context.db.selectFrom('field_conflicts').selectAll().execute()).toEqual([]);
    await expectInSync(product);
  });
});
