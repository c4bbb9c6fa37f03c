import { describe, expect, test } from 'vitest';
import { listErrors } from '../../../src/store/leads/record-errors.ts';
import type { OnUpdate } from '../../support/intercepting-proxy.ts';
import { leads } from '../../support/leads.ts';
import { openTestProduct, type TestProduct, type TestProductOptions } from '../../support/product.ts';
import { expectInSync, logEnd, scoreOf, timesWritten } from './assertions.ts';

const open = (options: TestProductOptions = {}) => openTestProduct({ dataset: leads(4), ...options });

function requestDemo(product: TestProduct, contactId: string): Promise<unknown> {
  return product.control('POST', 'activities', { contactId, type: 'form_submission', attributes: { form: 'demo' } });
}

async function stateOf(product: TestProduct, id: string) {
  const records = product.context.db.selectFrom('records').select(['state', 'merged_into', 'dirty_at']);
  return records.where('id', '=', id).executeTakeFirstOrThrow();
}

/** Three syncs, after which nothing in the CRM changes any more. */
async function expectInSyncAfterSyncs(product: TestProduct, syncs = 3): Promise<void> {
  for (let count = 0; count < syncs; count++) await product.sync();
  await expectInSync(product);
}

describe('writes of our own', () => {
  test('make no record dirty, so the following syncs read and write nothing', async () => {
    const product = await open({ people: 60 });
    await product.backfill();
    const before = await logEnd(product);
    for (let count = 0; count < 3; count++) await product.sync();
    const calls = (await product.log(before)).map(({ path }) => path);
    expect(calls.filter((path) => /batch\/(update|read)$/.test(path))).toEqual([]);
    await expectInSync(product);
  });

  test('do not hide an edit that was made just before them', async () => {
    const seen: { product?: TestProduct } = {};
    let isEdited = false;
    const onUpdate: OnUpdate = async (rows, forward) => {
      const { product } = seen;
      if (product && rows.some(({ id }) => id === product.idOf('p1')) && !isEdited) {
        isEdited = true;
        await product.control('PATCH', `contacts/${product.idOf('p1')}`, { properties: { jobtitle: 'Student' } });
      }
      return forward(rows);
    };
    const product = await open({ onUpdate });
    await product.backfill();
    const p1 = product.idOf('p1');
    await requestDemo(product, p1);
    seen.product = product;
    await product.sync();
    expect(isEdited).toBe(true);
    await product.sync();
    const { properties } = await product.contact(p1);
    expect(properties.leadgrade_explanation).toContain('Student or intern');
    await expectInSyncAfterSyncs(product);
  });
});

describe('when a user edits our fields', () => {
  test.each([
    { what: 'empties one of them', properties: { leadgrade_fit_grade: '' } },
    {
      what: 'empties all of them',
      properties: { leadgrade_fit_grade: '', leadgrade_status: '', leadgrade_explanation: '' },
    },
    { what: 'enters another score', properties: { leadgrade_total_score: '7' } },
    { what: 'rewords the explanation', properties: { leadgrade_explanation: 'Call this one!' } },
  ])('and $what, the next sync restores them in one write', async ({ properties }) => {
    const product = await open();
    await product.backfill();
    const p2 = product.idOf('p2');
    const before = await product.contact(p2);
    const since = await logEnd(product);
    await product.control('PATCH', `contacts/${p2}`, { properties });
    await product.sync();
    const after = await product.contact(p2);
    expect(scoreOf(after)).toEqual(scoreOf(before));
    expect(after.properties.leadgrade_explanation).toBe(before.properties.leadgrade_explanation);
    expect(await timesWritten(product, since)).toEqual(new Map([[p2, 1]]));
    await expectInSync(product);
  });

  test('and adds only white space at the end, nothing is written', async () => {
    const product = await open();
    await product.backfill();
    const p2 = product.idOf('p2');
    const { leadgrade_explanation: text } = (await product.contact(p2)).properties;
    await product.control('PATCH', `contacts/${p2}`, { properties: { leadgrade_explanation: `${text} \r\n` } });
    const before = await logEnd(product);
    await product.sync();
    await product.sync();
    expect(await product.writes(before)).toEqual([]);
  });
});

describe('a change that the search does not list yet', () => {
  test('is found as soon as the search lists it, also when changes are listed out of order', async () => {
    const product = await open({ sandbox: { searchLagMs: 120_000 } });
    await product.backfill();
    const [p0, p1] = [product.idOf('p0'), product.idOf('p1')];
    await product.control('PATCH', `contacts/${p0}`, { properties: { jobtitle: 'Student' } });
    await product.sync();
    expect((await product.contact(p0)).properties.leadgrade_explanation).not.toContain('Student or intern');
    product.advanceClock(60_000);
    await product.control('PATCH', `contacts/${p1}`, { properties: { jobtitle: 'Student' } });
    for (let count = 0; count < 3; count++) {
      product.advanceClock(50_000);
      await product.sync();
    }
    for (const id of [p0, p1]) {
      expect((await product.contact(id)).properties.leadgrade_explanation).toContain('Student or intern');
    }
    product.advanceClock(200_000);
    await product.sync();
    await expectInSync(product);
  });
});

describe('when two contacts are merged', () => {
  test('the survivor has the activities of both, each once, and the merged contact is not written', async () => {
    const product = await open();
    const [p0, p1] = [product.idOf('p0'), product.idOf('p1')];
    await requestDemo(product, p1);
    for (const [contactId, page] of [
      [p0, 'pricing'],
      [p1, 'security'],
    ]) {
      await product.control('POST', 'activities', { contactId, type: 'email_reply' });
      const attributes = { url: `https://acme.example/${page}` };
      await product.control('POST', 'activities', { contactId, type: 'page_view', attributes });
    }
    product.advanceClock(60_000);
    await product.backfill();
    const alone = Number((await product.contact(p1)).properties.leadgrade_behavior_score);
    await product.control('POST', 'merge', { primaryId: p0, mergedId: p1 });
    await expectInSyncAfterSyncs(product);
    await product.nightly();
    await product.nightly();
    expect(await stateOf(product, p1)).toMatchObject({ state: 'merged', merged_into: p0, dirty_at: null });
    const { rows } = await activitiesOf(product, p0);
    expect(rows.length).toBe(new Set(rows).size);
    expect(rows).toHaveLength(5);
    const { properties } = await product.contact(p0);
    // The demo, the security page, and now the pricing page: 15 more points, slightly decayed after
    // two days.
    expect(alone).toBe(50);
    expect(Number(properties.leadgrade_behavior_score)).toBeGreaterThan(60);
    expect(Number(properties.leadgrade_behavior_score)).toBeLessThanOrEqual(65);
    expect(properties.leadgrade_explanation).toContain('Requested a demo');
    await expectInSyncAfterSyncs(product);
  });

  test('while their scores wait in the outbox, the others of the batch are written, and no error is listed', async () => {
    const product = await open({ dataset: leads(30) });
    const [p0, p1] = [product.idOf('p0'), product.idOf('p1')];
    await product.faults({ match: { path: 'batch/update', times: 2 }, action: { status: 503 } });
    await product.backfill();
    await product.control('POST', 'merge', { primaryId: p0, mergedId: p1 });
    const before = await logEnd(product);
    product.advanceClock(15_001);
    await product.runUntilIdle();
    const calls = (await product.writes(before)).length;
    // Bisection: two calls per halving, and one for the contact that is returned under another ID.
    expect(calls).toBeLessThanOrEqual(1 + 2 * Math.ceil(Math.log2(30)) + 1);
    await expectInSyncAfterSyncs(product);
    expect(await stateOf(product, p1)).toMatchObject({ state: 'merged', merged_into: p0 });
    expect(await listErrors(product.context.db, { after: 0, limit: 10 })).toEqual([]);
    expect((await product.contact(p0)).properties.leadgrade_status).toBe('engaged');
  });
});

/** The IDs of the activities that count for a contact's lead. */
async function activitiesOf(product: TestProduct, id: string): Promise<{ rows: readonly string[] }> {
  const rows = await product.context.db
    .selectFrom('activities')
    .innerJoin('records', 'records.lead_id', 'activities.lead_id')
    .select('activities.id')
    .where('records.id', '=', id)
    .where('gone_at', 'is', null)
    .execute();
  return { rows: rows.map((row) => row.id) };
}

describe('when a contact is deleted', () => {
  test('while its score waits in the outbox, it becomes a tombstone, and the others are written', async () => {
    const product = await open();
    const p1 = product.idOf('p1');
    await product.faults({ match: { path: 'batch/update', times: 2 }, action: { status: 503 } });
    await product.backfill();
    await product.control('DELETE', `contacts/${p1}`);
    product.advanceClock(15_001);
    await product.runUntilIdle();
    expect(await stateOf(product, p1)).toMatchObject({ state: 'gone', dirty_at: null });
    expect(await listErrors(product.context.db, { after: 0, limit: 10 })).toEqual([]);
    await expectInSyncAfterSyncs(product);
    expect((await product.contacts()).map(scoreOf).map(({ status }) => status)).toEqual(Array(3).fill('engaged'));
  });

  test('and is the only one in its batch, no error is listed', async () => {
    const product = await open();
    const p1 = product.idOf('p1');
    await requestDemo(product, p1);
    product.advanceClock(60_000);
    await product.backfill();
    await product.control('DELETE', `contacts/${p1}`);
    product.advanceClock(20 * 86_400_000);
    await product.nightly();
    expect(await stateOf(product, p1)).toMatchObject({ state: 'gone', dirty_at: null });
    await expectInSyncAfterSyncs(product);
    const scoredLeads = product.context.db.selectFrom('leads').select('result_id').where('result_id', 'is not', null);
    expect(await scoredLeads.execute()).toHaveLength(3);
  });

  test('between two backfills, the second backfill finds the deletion', async () => {
    const product = await open();
    await product.backfill();
    const p1 = product.idOf('p1');
    await product.control('DELETE', `contacts/${p1}`);
    product.advanceClock(60_000);
    expect((await product.backfill()).state).toBe('done');
    expect(await stateOf(product, p1)).toMatchObject({ state: 'gone' });
    await expectInSyncAfterSyncs(product);
  });
});
