// Records that are deleted, restored, merged or erased in the CRM without a webhook: polling and
// the nightly comparison find the change, and never create a record anew.
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { reconcileDeletions } from '../../../jobs/reconcile/reconcile-deletions.ts';
import { listErasures } from '../../../src/store/erasure/erasures.ts';
import { openRun } from '../../../src/store/sync/runs.ts';
import { savePage } from '../../../src/store/sync/save-page.ts';
import { streamState } from '../../../src/store/sync/streams.ts';
import { leads } from '../../support/leads.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';
import { expectInSync, logEnd, scoreOf, warnings } from './assertions.ts';

const DAY = 86_400_000;
/** The nightly listing of all contacts. */
const CONTACTS_LISTED = '/crm/objects/2026-03/contacts\\?';

let product: TestProduct;
let usedPeople = 0;
let id: string;
let key: string;
beforeAll(async () => {
  const dataset = leads(24);
  // The first six have no company: the comparison of links cannot show that they are gone.
  const people = dataset.people.map((person, at) => (at < 6 ? { ...person, company: null } : person));
  product = await openTestProduct({ dataset: { ...dataset, people } });
  product.advanceClock(60_000);
  await product.backfill();
});
afterAll(() => product.close());
beforeEach(() => {
  // Each test uses another contact.
  key = `p${usedPeople++}`;
  id = product.idOf(key);
});

/** A record that is gone for good is a tombstone in the first night, and erased in the second. */
async function twoNights(): Promise<void> {
  await product.nightly();
  product.advanceClock(DAY);
  await product.nightly();
}

async function stored(of = id) {
  const records = product.context.db
    .selectFrom('records')
    .select(['state', 'merged_into', 'dirty_at', 'fields', 'erased_at']);
  return records.where('id', '=', of).executeTakeFirstOrThrow();
}

/** All rows of the schema as text, by table. */
async function dump(): Promise<ReadonlyMap<string, string>> {
  const { db } = product.context;
  const { rows: tables } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables where table_schema = 'leadgrade'`.execute(db);
  const texts = new Map<string, string>();
  for (const { name } of tables) {
    const { rows } = await sql<{
      text: string;
    }>`select t::text as "text" from ${sql.table(`leadgrade.${name}`)} t`.execute(db);
    texts.set(name, rows.map(({ text }) => text).join('\n'));
  }
  return texts;
}

async function tablesWith(canary: string): Promise<readonly string[]> {
  return [...(await dump())].flatMap(([name, text]) => (text.includes(canary) ? [name] : [])).toSorted();
}

async function rowsByRecord(): Promise<readonly string[]> {
  const { db } = product.context;
  const { rows: tables } = await sql<{ name: string }>`
    select table_name as name from information_schema.columns
    where table_schema = 'leadgrade' and column_name = 'record_id'`.execute(db);
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows } = await sql`select from ${sql.table(`leadgrade.${name}`)} where record_id = ${id}`.execute(db);
    if (rows.length > 0) found.push(name);
  }
  return found.toSorted();
}

describe('when a contact is deleted in HubSpot', () => {
  test('without a webhook, the next night finds it and keeps its data; restored, it is scored again', async () => {
    const before = scoreOf(await product.contact(id));
    await product.control('DELETE', `contacts/${id}`);
    await product.sync();
    expect(await stored()).toMatchObject({ state: 'live' });
    await product.nightly();
    expect(await stored()).toMatchObject({ state: 'gone', erased_at: null, dirty_at: null });
    expect((await stored()).fields['contact.job_title']).toBe('VP Sales');
    await product.nightly();
    expect(await stored()).toMatchObject({ state: 'gone', erased_at: null, dirty_at: null });
    await product.control('POST', `contacts/${id}/restore`);
    await product.nightly();
    expect(await stored()).toMatchObject({ state: 'live' });
    expect(scoreOf(await product.contact(id))).toEqual(before);
    await expectInSync(product);
  });

  test('and restored during the day, the next poll finds it', async () => {
    await product.control('DELETE', `contacts/${id}`);
    await product.nightly();
    expect(await stored()).toMatchObject({ state: 'gone' });
    await product.control('POST', `contacts/${id}/restore`);
    await product.sync();
    expect(await stored()).toMatchObject({ state: 'live', dirty_at: null });
    await expectInSync(product);
  });

  test('between reading and writing, the write creates no contact, and the others of the batch are written', async () => {
    const other = product.idOf('p23');
    await product.faults({ match: { path: 'batch/update', times: 2 }, action: { status: 503 } });
    for (const contactId of [id, other]) {
      await product.control('POST', 'activities', { contactId, type: 'form_submission', attributes: { form: 'demo' } });
    }
    await product.sync();
    await product.control('DELETE', `contacts/${id}`);
    const before = (await product.contacts()).length;
    product.advanceClock(15_001);
    await product.runUntilIdle();
    await product.sync();
    expect(await stored()).toMatchObject({ state: 'gone', erased_at: null });
    expect(await product.contacts()).toHaveLength(before);
    expect(Number(scoreOf(await product.contact(other)).behavior)).toBeGreaterThan(0);
    await expectInSync(product);
  });

  test('and is not restored within 90 days, it cannot be restored any more and is erased', async () => {
    await product.control('DELETE', `contacts/${id}`);
    await product.nightly();
    product.advanceClock(87 * DAY);
    await product.nightly();
    expect(await stored()).toMatchObject({ state: 'gone', erased_at: null });
    product.advanceClock(DAY);
    await product.nightly();
    expect(await stored()).toMatchObject({ state: 'gone', erased_at: expect.any(Date), fields: {} });
  });

  test('and the nightly listing fails, no record is deleted for it, and the next night finds the deletion', async () => {
    await product.control('DELETE', `contacts/${id}`);
    await product.faults({ match: { path: CONTACTS_LISTED, times: 2 }, action: { status: 502 } });
    await product.nightly();
    expect(await stored()).toMatchObject({ state: 'live' });
    const { db } = product.context;
    const dirty = db.selectFrom('records').select('id').where('state', '=', 'live').where('dirty_at', 'is not', null);
    expect(await dirty.execute()).toEqual([]);
    product.advanceClock(60_000);
    await product.nightly();
    expect(await stored()).toMatchObject({ state: 'gone' });
  });
});

test('a contact that was merged into another is not restored by the following nights', async () => {
  const survivor = product.idOf('p22');
  await product.control('POST', 'merge', { primaryId: survivor, mergedId: id });
  await product.nightly();
  await product.nightly();
  expect(await stored()).toMatchObject({ state: 'merged', merged_into: survivor, dirty_at: null });
  await expectInSync(product);
});

describe('when two contacts are merged into a new one, and HubSpot finds neither of them any more', () => {
  async function activitiesOf(ids: readonly string[]) {
    const { db } = product.context;
    const rows = db.selectFrom('activities').select(['id', 'record_id']).where('gone_at', 'is', null);
    return rows.where('record_id', 'in', ids).orderBy('id').execute();
  }

  async function mergeIntoNew(mergedId: string): Promise<string> {
    for (const contactId of [id, mergedId]) {
      await product.control('POST', 'activities', { contactId, type: 'meeting' });
      await product.control('POST', 'activities', { contactId, type: 'form_submission', attributes: { form: 'demo' } });
    }
    await product.sync();
    const survivor = await product.control('POST', 'merge', { primaryId: id, mergedId, into: 'new' });
    return z.object({ id: z.string() }).parse(survivor).id;
  }

  test('a recompute right after it loses no activity: the new contact has the histories of both', async () => {
    const merged = product.idOf('p20');
    const survivor = await mergeIntoNew(merged);
    const before = (await activitiesOf([id, merged])).map((row) => row.id);
    expect(before.length).toBeGreaterThanOrEqual(4);
    await product.nightly();
    expect(await stored()).toMatchObject({ state: 'merged', merged_into: survivor, erased_at: null });
    expect(await stored(merged)).toMatchObject({ state: 'merged', merged_into: survivor, erased_at: null });
    const after = await activitiesOf([survivor]);
    expect(after.map((row) => row.id)).toEqual(expect.arrayContaining(before));
    expect(await listErasures(product.context.db, { crm: 'hubspot', id })).toEqual([]);
    await expectInSync(product);
  });

  test('and the new contact is not listed yet, both are tombstones with their data until the night that lists it', async () => {
    const merged = product.idOf('p19');
    const survivor = await mergeIntoNew(merged);
    const before = (await activitiesOf([id, merged])).map((row) => row.id);
    const others = (await product.contacts()).map((contact) => contact.id).filter((other) => other !== survivor);
    await product.faults({
      match: { path: CONTACTS_LISTED, times: 1 },
      action: { status: 200, body: { results: others.map((other) => ({ id: other, properties: {} })) } },
    });
    await product.nightly();
    expect(await stored()).toMatchObject({ erased_at: null });
    product.advanceClock(DAY);
    await product.nightly();
    expect(await stored()).toMatchObject({ state: 'merged', merged_into: survivor, erased_at: null });
    expect((await activitiesOf([survivor])).map((row) => row.id)).toEqual(expect.arrayContaining(before));
  });

  test('no recompute erases them: not an hour after the night, and not after several nights', async () => {
    const merged = product.idOf('p18');
    const survivor = await mergeIntoNew(merged);
    const before = (await activitiesOf([id, merged])).map((row) => row.id);
    await product.nightly();
    for (const pause of [DAY / 24, DAY, DAY, DAY / 24]) {
      product.advanceClock(pause);
      await product.nightly();
    }
    for (const old of [id, merged]) {
      expect(await stored(old)).toMatchObject({ state: 'merged', merged_into: survivor, erased_at: null });
    }
    expect((await activitiesOf([survivor])).map((row) => row.id)).toEqual(expect.arrayContaining(before));
  });
});

describe('when a contact is deleted for privacy', () => {
  const CANARIES = {
    name: 'Quillfeather',
    email: 'zz-canary@acme.example',
    title: 'Chief Canary Officer',
    note: 'canary sings in the meeting',
    form: 'canary-form-page',
  };

  test('none of its data is left in any table, and the erasure report counts the deleted rows', async () => {
    const properties = { lastname: CANARIES.name, email: CANARIES.email, jobtitle: CANARIES.title };
    await product.control('PATCH', `contacts/${id}`, { properties });
    // A value that cannot be parsed is in the error list too.
    await product.control('PATCH', `contacts/${id}`, { properties: { country: 'Canaryland' } });
    const meeting = { contactId: id, type: 'meeting', attributes: { title: CANARIES.note } };
    await product.control('POST', 'activities', meeting);
    const page = `https://acme.example/${CANARIES.form}`;
    await product.control('POST', 'activities', { contactId: id, type: 'form_submission', attributes: { page } });
    await product.control('POST', 'deals', { contactIds: [id], stage: 'contractsent', amount: 4711 });
    await product.sync();
    product.advanceClock(60_000);
    await product.control('PATCH', `contacts/${id}`, { properties: { jobtitle: 'VP Canaries' } });
    await product.sync();
    for (const canary of [...Object.values(CANARIES), 'VP Canaries', 'Canaryland', '4711']) {
      expect(await tablesWith(canary), canary).not.toEqual([]);
    }
    expect(await tablesWith('VP Canaries')).toContain('field_values');

    await product.control('POST', `contacts/${id}/privacy-deletion`);
    await product.nightly();
    expect(await stored()).toMatchObject({ state: 'gone', erased_at: null });
    product.advanceClock(DAY);
    await product.nightly();
    for (const canary of [...Object.values(CANARIES), 'VP Canaries', 'Canaryland', '4711', 'canar', 'Canar']) {
      expect(await tablesWith(canary), canary).toEqual([]);
    }
    expect(await rowsByRecord()).toEqual([]);
    expect(await stored()).toMatchObject({ state: 'gone', fields: {}, erased_at: expect.any(Date) });
    const [report, ...others] = await listErasures(product.context.db, { crm: 'hubspot', id });
    expect(others).toEqual([]);
    expect(report?.erased).toMatchObject({ activities: 2, deal_outcomes: 2, results: expect.any(Number) });
    expect(report?.erased.fields).toBeGreaterThan(5);
    expect(await tablesWith(`hubspot/contacts/${id}`)).toEqual([]);
    const { rows } = await sql<{ bare: boolean }>`
      select bool_and(contributions::text = '[]' and gates::text = '[]') as bare from leadgrade.results
      where lead_id = (select lead_id from leadgrade.records where id = ${id})`.execute(product.context.db);
    expect(rows).toEqual([{ bare: true }]);
  });

  test('a late event about it creates no record and no activity, and causes no read', async () => {
    await product.control('POST', `contacts/${id}/privacy-deletion`);
    await twoNights();
    const { db, clock } = product.context;
    const ref = { object: 'contacts', id };
    const outcome = { ...{ id: 'deal:1', source: 'deals', pipeline: null, stage: null, state: 'open' as const, ref } };
    const late = {
      leads: [],
      dirty: [{ ref }],
      activities: [
        { ref, id: 'view:late', type: 'page_view', at: clock.now().getTime(), attributes: { title: 'late canary' } },
      ],
      outcomes: [{ ...outcome, amount: 1, currency: null, createdAt: null, closedAt: null, stages: [] }],
      gone: [],
      cursor: {},
      isFullSync: false,
    };
    const key = { crm: 'hubspot', stream: 'page_views' };
    const from = (await streamState(db, key))!;
    await savePage(db, late, { ...key, from, fullSyncRunId: null, now: clock.now(), askedAt: clock.now() });
    expect(await stored()).toMatchObject({ state: 'gone', dirty_at: null, fields: {} });
    expect(await rowsByRecord()).toEqual([]);
    await expectInSync(product);
  });

  test('and another contact was merged into it, that contact is erased too', async () => {
    const merged = product.idOf('p21');
    await product.control('PATCH', `contacts/${merged}`, { properties: { jobtitle: 'Merged Canary' } });
    await product.sync();
    await product.control('POST', 'merge', { primaryId: id, mergedId: merged });
    await product.nightly();
    expect(await stored(merged)).toMatchObject({ state: 'merged' });
    expect(await tablesWith('Merged Canary')).not.toEqual([]);
    await product.control('POST', `contacts/${id}/privacy-deletion`);
    await twoNights();
    expect(await tablesWith('Merged Canary')).toEqual([]);
    expect(await stored(merged)).toMatchObject({ state: 'merged', fields: {}, erased_at: expect.any(Date) });
  });

  test('between reading and writing, its score is not written, and the night after the next erases it', async () => {
    await product.control('POST', 'activities', {
      contactId: id,
      type: 'form_submission',
      attributes: { form: 'demo' },
    });
    await product.faults({ match: { path: 'batch/update', times: 2 }, action: { status: 503 } });
    await product.sync();
    await product.control('POST', `contacts/${id}/privacy-deletion`);
    product.advanceClock(15_001);
    await product.runUntilIdle();
    expect(await stored()).toMatchObject({ state: 'gone', erased_at: null });
    await twoNights();
    expect(await stored()).toMatchObject({ state: 'gone', erased_at: expect.any(Date) });
    expect(await rowsByRecord()).toEqual([]);
  });
});

test('a night that was killed during the listing continues at its position and requests no page twice', async () => {
  const { db, clock, log } = product.context;
  const run = await openRun(db, { job: 'nightly', slot: '2030-01-01', state: 'running' }, clock.now());
  const pages: (string | null)[] = [];
  const crm = product.context.crms.get('hubspot');
  if (!crm || !run) throw new Error('HubSpot is set up, and the run opened');
  // Pages of five; the process is stopped after the second.
  const ids = (await product.contacts()).map((contact) => contact.id);
  const stop = new AbortController();
  const connector = {
    ...crm.connector,
    listAllRecords: async (after: string | null) => {
      pages.push(after);
      if (pages.length === 2) stop.abort();
      const at = after === null ? 0 : Number(after);
      const refs = ids.slice(at, at + 5).map((contactId) => ({ object: 'contacts', id: contactId }));
      return { refs, after: at + 5 < ids.length ? String(at + 5) : null };
    },
  };
  const context = { ...product.context, crms: new Map([['hubspot', { ...crm, connector }]]), log };
  await reconcileDeletions({ ...context, signal: stop.signal }, 'hubspot', run.id);
  await reconcileDeletions(context, 'hubspot', run.id);
  expect(pages).toEqual([
    null,
    ...Array.from({ length: Math.ceil(ids.length / 5) - 1 }, (_, at) => String((at + 1) * 5)),
  ]);
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from leadgrade.crm_record_listing`.execute(db);
  expect(rows).toEqual([{ n: 0 }]);
  await expectInSync(product);
});

test('a listing without the stored records erases none of them: they are read again, and a warning is logged', async () => {
  const before = await logEnd(product);
  await product.faults({
    match: { path: CONTACTS_LISTED, times: 1 },
    action: { status: 200, body: { results: [] } },
  });
  await product.nightly();
  expect(warnings(product).at(-1)).toContain('Is it still the same portal?');
  expect(await stored()).toMatchObject({ state: 'live', erased_at: null });
  expect((await product.log(before)).some(({ path }) => path.endsWith('contacts/batch/read'))).toBe(true);
});

test('a token of another portal erases no record in any night, even if both portals use the same contact IDs', async () => {
  const { db, clock } = product.context;
  const crm = product.context.crms.get('hubspot');
  if (!crm) throw new Error('HubSpot is set up');
  const others = (await product.contacts()).flatMap((contact) => (contact.id === id ? [] : [contact.id]));
  const requested: string[] = [];
  const connector: typeof crm.connector = {
    ...crm.connector,
    describeAccount: async () => ({ id: '999', name: 'portal 999', timezone: null }),
    listAllRecords: async () => ({
      refs: others.map((contactId) => ({ object: 'contacts', id: contactId })),
      after: null,
    }),
    fetchLeads: async (refs) => {
      requested.push(...refs.map((ref) => ref.id));
      return refs.map((ref) => ({ kind: 'gone', ref, erased: true }));
    },
  };
  const context = { ...product.context, crms: new Map([['hubspot', { ...crm, connector }]]) };
  for (const slot of ['2031-01-01', '2031-01-02']) {
    const run = await openRun(db, { job: 'nightly', slot, state: 'running' }, clock.now());
    await reconcileDeletions(context, 'hubspot', run?.id ?? 0);
  }
  expect(requested).toEqual([]);
  expect(await stored()).toMatchObject({ state: 'live', erased_at: null });
  expect(warnings(product).at(-1)).toContain('is another account');
});
