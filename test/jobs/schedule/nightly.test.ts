// The night: scores fade by themselves, links that no modification time tells of are compared, and a slot runs once.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { latestSlot } from '../../../jobs/schedule/nightly-slot.ts';
import { insertQuarantine } from '../../../src/store/inbox/quarantine.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';

let product: TestProduct;
beforeEach(async () => {
  product = await openTestProduct({ contacts: 60 });
  await product.backfill();
});
afterEach(() => product.close());

const nights = () => product.context.db.selectFrom('runs').selectAll().where('job', '=', 'nightly').execute();

test('a lead that does nothing fades over night, and is written only when a whole point is gone', async () => {
  const before = new Map((await product.contacts()).map(({ id, properties }) => [id, properties]));
  const since = (await product.log()).at(-1)?.seq ?? 0;
  await product.nightly();
  const written = new Set((await product.writes(since)).flatMap(({ ids = [] }) => ids));
  expect(written.size).toBeGreaterThan(0);
  for (const { id, properties } of await product.contacts()) {
    const [was, is] = [before.get(id)?.leadgrade_behavior_score, properties.leadgrade_behavior_score];
    if (written.has(id)) expect(Number(is)).toBeLessThanOrEqual(Number(was));
    else expect(is).toBe(was);
  }
});

test('a night rung for ten times runs once', async () => {
  await product.nightly();
  const writes = await product.writes();
  for (let ring = 0; ring < 10; ring++) await product.poll();
  expect(await nights()).toHaveLength(1);
  expect(await product.writes()).toEqual(writes);
});

test('three nights that were missed are made up by one', async () => {
  product.advanceClock(3 * 86_400_000);
  await product.poll();
  await product.poll();
  const runs = await nights();
  expect(runs.map(({ slot, state }) => ({ slot, state }))).toEqual([
    { slot: latestSlot('0 2 * * *', 'UTC', product.clock.now()).date, state: 'done' },
  ]);
});

test('before the first night after the installation there is nothing to make up', async () => {
  await product.poll();
  expect(await nights()).toEqual([]);
});

test('a contact that moved to another company is graded by that one in the morning', async () => {
  const [mover, other] = (await product.contacts()).filter(({ companyId, properties }) => {
    return companyId !== null && properties.lifecyclestage === 'lead';
  });
  const companyId = (await product.contacts()).find((each) => each.companyId && each.companyId !== mover?.companyId);
  await product.control('PATCH', `companies/${companyId?.companyId}`, { properties: { numberofemployees: '3' } });
  await product.control('PUT', 'associations', { contactId: mover?.id, companyId: companyId?.companyId });
  await product.nightly();
  const seen = await product.contact(mover?.id ?? '');
  expect(seen.properties.leadgrade_explanation).toContain('-10 Too small');
  expect(other?.id).not.toBe(mover?.id);
});

test('a meeting that was deleted counts no more in the morning', async () => {
  const lead = (await product.contacts()).find(({ properties }) => properties.lifecyclestage === 'lead');
  const meeting = await product.control('POST', 'activities', { contactId: lead?.id, type: 'meeting' });
  await product.sync();
  const ledger = () =>
    product.context.db
      .selectFrom('activities')
      .select(['id', 'gone_at'])
      .where('record_id', '=', lead?.id ?? '')
      .where('type', '=', 'meeting')
      .where('gone_at', 'is', null)
      .execute();
  const before = (await ledger()).length;
  expect(before).toBeGreaterThan(0);
  await product.control('DELETE', `activities/meetings/${Object(meeting).id}`);
  await product.nightly();
  expect(await ledger()).toHaveLength(before - 1);
});

test('what nobody needs any more is gone in the morning', async () => {
  const { db, clock } = product.context;
  const ago = (days: number) => new Date(clock.now().getTime() - days * 86_400_000);
  const conflict = {
    crm: 'hubspot',
    object: 'contacts',
    record_id: '1',
    field: 'status' as const,
    ours: '1',
    theirs: '2',
  };
  const both = [ago(400), ago(1)].map((seen_at) => ({ ...conflict, policy: 'overwrite' as const, seen_at }));
  await db.insertInto('field_conflicts').values(both).execute();
  await insertQuarantine(db, 'hubspot', [{ text: 'old', reason: 'new' }], ago(31));
  await insertQuarantine(db, 'hubspot', [{ text: 'late', reason: 'new' }], ago(1));
  await product.nightly();
  expect(await db.selectFrom('field_conflicts').select('seen_at').execute()).toEqual([{ seen_at: both[1]?.seen_at }]);
  expect(await db.selectFrom('quarantine').select('body').execute()).toEqual([{ body: 'late' }]);
});
