// Records that the org refuses, and records that change while they are read, scored and written.
import { describe, expect, test } from 'vitest';
import { peopleWithDeals } from '../../../sandbox/test/salesforce/sandbox-under-test.ts';
import { listErrors } from '../../../src/store/leads/record-errors.ts';
import type { SalesforceProduct } from '../../support/salesforce-product.ts';
import {
  askForDemo,
  expectInSync,
  fetches,
  leadOf,
  logEnd,
  openOrg,
  timesWritten,
  warnings,
} from './salesforce-assertions.ts';

function listed({ context }: SalesforceProduct) {
  return listErrors(context.db, { after: 0, limit: 10 });
}

async function stateOf({ context }: SalesforceProduct, id: string) {
  const columns = ['state', 'merged_into', 'erased_at', 'dirty_at'] as const;
  return context.db.selectFrom('records').select(columns).where('id', '=', id).executeTakeFirst();
}

describe('a Lead', () => {
  test('that a validation rule refuses is listed with the message of the rule, the others are written once, and the next night retries it', async () => {
    const product = await openOrg();
    const [p3, id] = [leadOf(product, 'p3'), leadOf(product, 'p1')];
    await product.control('PUT', 'validation-rules', [{ object: 'Lead', ids: [p3], message: 'A phone is needed.' }]);
    expect((await product.backfill()).state).toBe('done');
    expect(await timesWritten(product)).toEqual(
      new Map([...product.org.leadIds.values()].toSorted().map((leadId) => [leadId, 1])),
    );
    const [error, ...others] = await listed(product);
    expect(others).toEqual([]);
    expect(error).toMatchObject({ object: 'Lead', record_id: p3, code: 'FIELD_CUSTOM_VALIDATION_EXCEPTION' });
    expect(error?.message).toContain('A phone is needed.');
    expect(error?.fix).toMatch(/errors retry/);
    const before = await logEnd(product);
    await product.sync();
    expect(await product.writes(before)).toEqual([]);
    await product.nightly();
    expect((await listed(product))[0]).toMatchObject({ record_id: p3, occurrences: 2 });
    await product.control('PUT', 'validation-rules', []);
    await product.nightly();
    expect(await listed(product)).toEqual([]);
    expect((await product.record('Lead', p3)).Leadgrade_Status__c).toBe('engaged');
    expect((await timesWritten(product, before)).get(id)).toBeUndefined();
    await expectInSync(product);
  });

  test.each([
    { code: 'ENTITY_IS_LOCKED', fix: /approval/ },
    { code: 'INSUFFICIENT_ACCESS_OR_READONLY', fix: /sharing/ },
    { code: 'INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY', fix: /sharing/ },
    { code: 'INVALID_FIELD_FOR_INSERT_UPDATE', fix: /errors retry/ },
    { code: 'CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY', fix: /triggers/ },
    { code: 'CANNOT_EXECUTE_FLOW_TRIGGER', fix: /flows/ },
  ])('that alone is refused with $code is listed, and writing is not paused', async ({ code, fix }) => {
    const product = await openOrg();
    const ids = [...product.org.leadIds.values()].toSorted();
    const refused = { success: false, errors: [{ statusCode: code, message: 'not this one', fields: [] }] };
    await product.backfill();
    for (const id of ids) await askForDemo(product, id);
    const body = ids.map((id, at) => (at === 2 ? refused : { id, success: true, errors: [] }));
    await product.faults({ match: { path: 'composite/sobjects', times: 1 }, action: { status: 200, body } });
    expect((await product.sync()).state).toBe('done');
    const [error, ...others] = await listed(product);
    expect(others).toEqual([]);
    expect(error).toMatchObject({ record_id: ids[2], code, fix: expect.stringMatching(fix) });
    expect(warnings(product)).toEqual([]);
  });

  test('whose row is locked in the org is written later, alone', async () => {
    const product = await openOrg();
    const p3 = leadOf(product, 'p3');
    await product.control('PUT', 'locks', [{ id: p3, times: 2 }]);
    await product.backfill();
    for (let attempt = 0; attempt < 3; attempt++) {
      product.advanceClock(20_001);
      await product.runUntilIdle();
    }
    const [first, ...later] = await product.writes();
    expect(first?.ids).toHaveLength(6);
    expect(later.map(({ ids }) => ids)).toEqual([[p3], [p3]]);
    expect(warnings(product)).toEqual([]);
    await expectInSync(product);
  });

  /** Results of p1 and p2 wait in the outbox. */
  async function openWithPendingWrites(): Promise<{ product: SalesforceProduct; p1: string; p2: string }> {
    const product = await openOrg();
    await product.backfill();
    const [p1, p2] = [leadOf(product, 'p1'), leadOf(product, 'p2')];
    await product.faults({ match: { path: 'composite/sobjects', times: 2 }, action: { status: 503 } });
    for (const id of [p1, p2]) await askForDemo(product, id);
    await product.sync();
    expect((await product.record('Lead', p2)).Leadgrade_Status__c).toBe('engaged');
    return { product, p1, p2 };
  }

  async function writeNow(product: SalesforceProduct): Promise<void> {
    product.advanceClock(15_001);
    await product.runUntilIdle();
    await product.sync();
    await product.sync();
  }

  test('that is converted between reading and writing passes its score to its Contact', async () => {
    const { product, p1, p2 } = await openWithPendingWrites();
    await product.control('POST', 'convert', { leadId: p1 });
    const contact = String((await product.record('Lead', p1)).ConvertedContactId);
    await writeNow(product);
    expect(await stateOf(product, p1)).toMatchObject({ state: 'merged', merged_into: contact });
    expect((await product.record('Contact', contact)).Leadgrade_Status__c).toBe('hot');
    expect((await product.record('Lead', p2)).Leadgrade_Status__c).toBe('hot');
    await expectInSync(product);
  });

  test('that is deleted between reading and writing becomes a tombstone, and no error is listed', async () => {
    const { product, p1, p2 } = await openWithPendingWrites();
    await product.control('DELETE', `records/Lead/${p1}`);
    await writeNow(product);
    expect(await stateOf(product, p1)).toMatchObject({ state: 'gone', erased_at: null });
    expect((await product.record('Lead', p2)).Leadgrade_Status__c).toBe('hot');
    expect(await listed(product)).toEqual([]);
    await expectInSync(product);
  });

  test('that is merged into another between reading and writing passes its activities to the survivor', async () => {
    const { product, p1, p2 } = await openWithPendingWrites();
    await product.control('POST', 'merge', { masterId: p2, mergedId: p1 });
    await writeNow(product);
    expect(await stateOf(product, p1)).toMatchObject({ state: 'merged', merged_into: p2 });
    const demos = await product.context.db
      .selectFrom('activities')
      .select('id')
      .where('record_id', '=', p2)
      .where('gone_at', 'is', null)
      .execute();
    expect(demos).toHaveLength(2);
    await expectInSync(product);
  });

  test('that is restored from the recycle bin is scored again by the next poll', async () => {
    const product = await openOrg();
    await product.backfill();
    const p1 = leadOf(product, 'p1');
    await askForDemo(product, p1);
    await product.sync();
    await product.control('DELETE', `records/Lead/${p1}`);
    await product.sync();
    expect(await stateOf(product, p1)).toMatchObject({ state: 'gone', erased_at: null });
    await product.control('POST', `records/Lead/${p1}/undelete`);
    product.advanceClock(60_000);
    await product.sync();
    expect(await stateOf(product, p1)).toMatchObject({ state: 'live', dirty_at: null });
    expect((await product.record('Lead', p1)).Leadgrade_Status__c).toBe('hot');
    await expectInSync(product);
  });
});

test('a Lead that was purged from the recycle bin is found by the next night, and its data is kept', async () => {
  const product = await openOrg();
  await product.backfill();
  const p1 = leadOf(product, 'p1');
  await product.control('DELETE', `records/Lead/${p1}`);
  await product.control('POST', `records/Lead/${p1}/purge`);
  await product.sync();
  expect(await stateOf(product, p1)).toMatchObject({ state: 'live' });
  await product.nightly();
  expect(await stateOf(product, p1)).toMatchObject({ state: 'gone', erased_at: null, dirty_at: null });
  const stored = await product.context.db.selectFrom('records').select('fields').where('id', '=', p1).execute();
  expect(stored[0]?.fields['contact.job_title']).toBe('VP Sales');
  expect(warnings(product)).toEqual([]);
  await expectInSync(product);
});

test('our own writes, which change modification times, cause no read of a record and no further write', async () => {
  const product = await openOrg();
  await product.backfill();
  const before = await logEnd(product);
  for (const minutes of [1, 1, 3, 5]) {
    product.advanceClock(minutes * 60_000);
    await product.poll();
  }
  expect(await fetches(product, before)).toEqual([]);
  expect(await product.writes(before)).toEqual([]);
});

test('a change of a campaign, an Account or a task reaches its people in one sync', async () => {
  const call = { person: 'p2', type: 'call', at: Date.parse('2026-03-03T15:30:00Z'), attributes: {} };
  const product = await openOrg({ dataset: peopleWithDeals(4, [0, 1], [call]) });
  await product.backfill();
  const [contact = ''] = product.org.contactIds.values();
  const account = String((await product.record('Contact', contact)).AccountId);
  await product.control('PATCH', `records/Account/${account}`, { values: { Industry: 'Agriculture' } });
  await product.sync();
  const { db } = product.context;
  const { fields } = await db
    .selectFrom('records')
    .select('fields')
    .where('id', '=', contact)
    .executeTakeFirstOrThrow();
  expect(fields['company.industry']).toBe('Agriculture');

  const p2 = leadOf(product, 'p2');
  const calls = () => db.selectFrom('activities').select(['id', 'gone_at']).where('record_id', '=', p2).execute();
  const [task] = await calls();
  expect(task).toMatchObject({ gone_at: null });
  const path = `records/Task/${task?.id.replace('task:', '')}`;
  await product.control('PATCH', path, { values: { Status: 'Not Started' } });
  await product.sync();
  expect((await calls())[0]?.gone_at).not.toBeNull();

  const p3 = leadOf(product, 'p3');
  await askForDemo(product, p3);
  await product.sync();
  expect((await product.record('Lead', p3)).Leadgrade_Behavior_Score__c).toBeGreaterThan(0);
  await expectInSync(product);
});
