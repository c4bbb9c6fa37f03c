// What HubSpot sends becomes a written score without a poll; however much of it comes, in whatever order. Of what it names beside contacts:
// named-items.test.ts.
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
import { openedProducts } from '../../support/opened-products.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';
import { expectInSync, logEnd, scoreOf } from '../faults/assertions.ts';
import { deliverWebhook, eventOf, runAlone } from './deliver-webhook.ts';

const settings = { PUBLIC_URL };
/** No search shows within the time of a test what changes: it is known by webhooks alone. */
const sandbox = { searchLagMs: 6 * 3_600_000 };
const { open } = openedProducts({ dataset: leads(6), settings });

let product: TestProduct;
let used = 0;

/** For the tests of a suite; each has contacts of its own. */
function useSharedProduct(count: number): void {
  beforeAll(async () => {
    product = await openTestProduct({ dataset: leads(count), settings, sandbox });
    await product.backfill();
    used = 0;
  });
  afterAll(() => product.close());
  beforeEach(async () => {
    // What the test before has left to rest is over.
    product.advanceClock(60_000);
    await product.runUntilIdle();
  });
}

const nextContact = () => product.idOf(`p${used++}`);

const event = (id: string, over: Readonly<Record<string, unknown>> = {}) => eventOf(product, id, over);
const deliver = (...sent: readonly object[]) => deliverWebhook(product, ...sent);
const setTitle = (id: string, jobtitle: string) =>
  product.control('PATCH', `contacts/${id}`, { properties: { jobtitle } });
const explanation = async (id: string) => (await product.contact(id)).properties.leadgrade_explanation;
const callsOf = async (path: string, since: number) =>
  (await product.log(since)).filter((call) => call.path.endsWith(path));
const reads = (since: number) => callsOf('/contacts/batch/read', since);
const recordOf = (id: string) =>
  product.context.db.selectFrom('records').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
/** What waits in the inbox and names this. */
const waitingOf = async (id: string) =>
  (await product.context.db.selectFrom('inbox').select(['kind', 'ids']).execute()).filter(({ ids }) =>
    ids.includes(id),
  );

describe('a webhook', () => {
  useSharedProduct(16);

  test('of a title that changed has the contact read and written, and nothing searched', async () => {
    const id = nextContact();
    await setTitle(id, 'Student');
    const since = await logEnd(product);
    await deliver(event(id));
    expect(await explanation(id)).toContain('Student or intern');
    expect(await callsOf('/search', since)).toEqual([]);
    expect(await product.writes(since)).toHaveLength(1);
    await expectInSync(product);
  });

  test('a thousand times for one contact is one read, and one more when the quiet time is over', async () => {
    const id = nextContact();
    const since = await logEnd(product);
    const storm = () => Array.from({ length: 1_000 }, () => event(id));
    await deliver(...storm());
    expect(await reads(since)).toHaveLength(1);
    await setTitle(id, 'Student');
    await deliver(...storm());
    expect(await reads(since)).toHaveLength(1);
    expect(await explanation(id)).not.toContain('Student');
    product.advanceClock(5_100);
    await product.runUntilIdle();
    expect(await reads(since)).toHaveLength(2);
    expect(await explanation(id)).toContain('Student or intern');
    await expectInSync(product);
  });

  test('of a contact that was deleted, restored, or merged is followed', async () => {
    const [one, stays, goes] = [nextContact(), nextContact(), nextContact()];
    await product.control('DELETE', `contacts/${one}`);
    await deliver(event(one, { subscriptionType: 'contact.deletion', propertyName: undefined }));
    expect((await recordOf(one)).state).toBe('gone');
    await product.control('POST', `contacts/${one}/restore`);
    product.advanceClock(10_000);
    await deliver(event(one, { subscriptionType: 'contact.restore', propertyName: undefined }));
    expect((await recordOf(one)).state).toBe('live');
    await product.control('POST', 'merge', { primaryId: stays, mergedId: goes });
    const merged = { primaryObjectId: Number(stays), mergedObjectIds: [Number(goes)], newObjectId: Number(stays) };
    const unnamed = { propertyName: undefined, objectId: undefined };
    await deliver(event(stays, { subscriptionType: 'contact.merge', ...unnamed, ...merged }));
    expect(await recordOf(goes)).toMatchObject({ state: 'merged', merged_into: stays });
    await expectInSync(product);
  });

  test('that was stored by a process that was killed before it rang is taken at the next tick', async () => {
    const id = nextContact();
    await setTitle(id, 'Student');
    await storeWebhook(product, [event(id)]);
    await product.restart();
    const since = await logEnd(product);
    await product.poll();
    expect(await waitingOf(id)).toEqual([]);
    expect((await reads(since)).map(({ ids }) => ids)).toEqual([[id]]);
    expect(await explanation(id)).toContain('Student or intern');
  });

  test('while HubSpot does not answer stays marked, and is read when it does', async () => {
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

  test('of another portal marks nobody', async () => {
    const id = nextContact();
    await deliver(event(id, { portalId: 999 }));
    expect(await waitingOf(id)).toEqual([]);
    expect((await recordOf(id)).dirty_at).toBeNull();
    expect(product.lines.some(({ message }) => /another account/.test(message))).toBe(true);
  });

  test('counts where this token may not ask whose account it opens', async () => {
    const id = nextContact();
    await product.context.db.deleteFrom('crm_accounts').execute();
    await product.faults({ match: { path: 'account-info' }, action: { status: 403, body: {} } });
    await setTitle(id, 'Student');
    await deliver(event(id));
    await product.faults();
    expect(await explanation(id)).toContain('Student or intern');
    expect(await product.context.db.selectFrom('crm_accounts').selectAll().execute()).toEqual([]);
  });

  test('that was not understood is read again on demand', async () => {
    const id = nextContact();
    const { db, clock } = product.context;
    const parts = [
      { text: JSON.stringify(event(id)), reason: 'from an older version' },
      { text: '{]', reason: 'no JSON' },
    ];
    await insertQuarantine(db, 'hubspot', parts, clock.now());
    expect(await reprocessQuarantine(product.context)).toBe(1);
    expect(await waitingOf(id)).toHaveLength(1);
    expect(await db.selectFrom('quarantine').select('body').execute()).toEqual([{ body: '{]' }]);
  });
});

describe('marks are made', () => {
  useSharedProduct(4);
  const meeting = { subscriptionType: 'object.creation', objectTypeId: '0-47', propertyName: undefined };

  test('without a call, whatever else there is to be read from HubSpot or to be matched', async () => {
    const id = nextContact();
    // Whose account it is, is asked once.
    await deliver(event(id));
    await storeWebhook(product, [event('4711', meeting), event(id)]);
    const since = await logEnd(product);
    expect(await runAlone(product, ['process-inbox'])).toEqual(
      expect.arrayContaining(['fetch-items', 'refresh-records']),
    );
    expect(await product.log(since)).toEqual([]);
    expect(await waitingOf(id)).toEqual([]);
    expect(await waitingOf('4711')).toEqual([{ kind: 'item', ids: ['4711'] }]);
    expect((await recordOf(id)).dirty_at).not.toBeNull();
  });

  test('of one CRM also when those of another cannot be stored', async () => {
    const id = nextContact();
    const { db, crms, clock } = product.context;
    const hubspot = crms.get('hubspot') as MappedCrm;
    await claimAccount(db, { crm: 'broken', account: '1' }, clock.now());
    const told = { account: '1', kind: 'record', object: 'contacts', id: 'x', priority: 1, occurredAt: 0 } as const;
    await insertInboxEvents(db, 'broken', [{ ...told, key: 'broken' }], clock.now());
    await sql`create function leadgrade.refuse() returns trigger language plpgsql
      as 'begin raise exception ''no room''; end'`.execute(db);
    await sql`create trigger refuse before insert on leadgrade.records for each row
      when (new.crm = 'broken') execute function leadgrade.refuse()`.execute(db);
    await storeWebhook(product, [event(id)]);
    const both = new Map([['broken', hubspot] as const, ...crms]);
    await expect(runAlone(product, ['process-inbox'], { crms: both })).rejects.toThrow('no room');
    await sql`drop trigger refuse on leadgrade.records`.execute(db);
    expect(await waitingOf(id)).toEqual([]);
    expect((await recordOf(id)).dirty_at).not.toBeNull();
  });
});

test('webhooks of each of 250 contacts have them read in full batches', async () => {
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

describe('a person who was erased in HubSpot', () => {
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

  /** The tables that have something of that contact. */
  async function tablesOf(id: string): Promise<readonly string[]> {
    const { db } = product.context;
    const found = await Promise.all(
      TABLES.map((table) => db.selectFrom(table).select('crm').where('record_id', '=', id).limit(1).execute()),
    );
    return TABLES.filter((_, at) => (found[at]?.length ?? 0) > 0);
  }

  test('is erased here at once, from every table; what comes later is ignored', async () => {
    const id = nextContact();
    const { db, clock } = product.context;
    const email = String((await recordOf(id)).email_key);
    expect(email).toContain('@');
    // A meeting, an edit of ours, a value that cannot be read, and a score that waits to be written.
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
    expect(await recordOf(id)).toMatchObject({ state: 'gone', fields: {}, held: {} });
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

  test('and was never known here leaves a tombstone, so that late events make nothing', async () => {
    await deliver(event('987654321', erasure));
    const since = await logEnd(product);
    await deliver(event('987654321'));
    expect(await reads(since)).toEqual([]);
    expect((await recordOf('987654321')).erased_at).not.toBeNull();
  });
});

describe('a lead that changes again and again', () => {
  useSharedProduct(2);

  test('is stopped after sixty scorings in an hour, listed, and goes on when the hour is over', async () => {
    const [id, other] = [nextContact(), nextContact()];
    const { db, clock } = product.context;
    const { lead_id } = await recordOf(id);
    await db
      .updateTable('leads')
      .set({ rescore_window_started_at: clock.now(), rescore_window_count: 58 })
      .where('id', '=', lead_id)
      .execute();
    const turn = async (title: string) => {
      await setTitle(id, title);
      product.advanceClock(6_000);
      await deliver(event(id));
    };
    for (const title of ['Student', 'VP Sales', 'Student']) await turn(title);
    const written = (await product.writes()).length;
    for (const title of ['VP Sales', 'Student', 'VP Sales']) await turn(title);
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

describe('somebody else who writes our fields', () => {
  const edit = { properties: { leadgrade_status: 'cold', leadgrade_total_score: '1' } };
  const edited = async (id: string) => {
    const { lead_id } = await recordOf(id);
    const seen = await listConflictsOfLead(product.context.db, lead_id, 10);
    return seen.map(({ field, theirs, policy }) => `${policy}: ${field} ${theirs}`).toSorted();
  };

  test('is overwritten, and told of in the history', async () => {
    product = await open();
    await product.backfill();
    const id = product.idOf('p1');
    const was = scoreOf(await product.contact(id));
    await product.control('PATCH', `contacts/${id}`, edit);
    await product.sync();
    expect(scoreOf(await product.contact(id))).toEqual(was);
    expect(await edited(id)).toEqual(['overwrite: status cold', 'overwrite: total_score 1']);
    await product.sync();
    expect(await edited(id)).toHaveLength(2);
  });

  test('is heard where the mapping says so, until they empty the field: then it is ours again', async () => {
    product = await open();
    await product.backfill();
    const id = product.idOf('p1');
    const was = scoreOf(await product.contact(id));
    const crms = new Map(
      [...product.context.crms].map(([crm, mapped]) => [crm, { ...mapped, whenEdited: 'respect' as const }] as const),
    );
    const told = async (properties: object) => {
      await product.control('PATCH', `contacts/${id}`, { properties });
      product.advanceClock(60_000);
      await storeWebhook(product, [event(id, { propertyName: 'jobtitle' })]);
      await runAlone(product, ['process-inbox', 'fetch-items', 'refresh-records', 'score-leads', 'write-scores'], {
        crms,
      });
    };
    await told({ leadgrade_status: 'cold', jobtitle: 'Student' });
    expect(scoreOf(await product.contact(id))).toEqual({ ...was, status: 'cold' });
    expect(await edited(id)).toEqual(['respect: status cold']);
    await told({ leadgrade_status: '' });
    expect(await explanation(id)).toContain('Student or intern');
    expect((await product.contact(id)).properties.leadgrade_status).not.toBe('cold');
  });

  test('our own writes are no conflict, whatever happens on the way', async () => {
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
