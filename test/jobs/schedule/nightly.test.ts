// The nightly job: scores decay, changes without a modification time are found, and a slot runs
// once.
import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { runNightly } from '../../../jobs/schedule/nightly.ts';
import { latestSlot } from '../../../jobs/schedule/nightly-slot.ts';
import { insertQuarantine } from '../../../src/store/inbox/quarantine.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';

let product: TestProduct;
beforeEach(async () => {
  product = await openTestProduct({ people: 60 });
  await product.backfill();
});

const nights = () => product.context.db.selectFrom('runs').selectAll().where('job', '=', 'nightly').execute();

test('a score without new activity decays overnight, and is written only when it loses a whole point', async () => {
  const before = new Map((await product.contacts()).map(({ id, properties }) => [id, properties]));
  const since = (await product.log()).at(-1)?.seq ?? 0;
  await product.nightly();
  const written = new Set((await product.writes(since)).flatMap(({ ids = [] }) => ids));
  expect(written.size).toBeGreaterThan(0);
  for (const { id, properties } of await product.contacts()) {
    const [scoreBefore, scoreAfter] = [before.get(id)?.leadgrade_behavior_score, properties.leadgrade_behavior_score];
    if (written.has(id)) expect(Number(scoreAfter)).toBeLessThanOrEqual(Number(scoreBefore));
    else expect(scoreAfter).toBe(scoreBefore);
  }
});

test('a nightly slot that is enqueued ten times runs once', async () => {
  await product.nightly();
  const writes = await product.writes();
  for (let count = 0; count < 10; count++) await product.poll();
  expect(await nights()).toHaveLength(1);
  expect(await product.writes()).toEqual(writes);
});

test('a nightly slot that three workers begin at the same time has one run', async () => {
  product.advanceClock(86_400_000);
  await Promise.all([1, 2, 3].map(() => runNightly(product.context)));
  expect(await nights()).toHaveLength(1);
});

test('a clock that is set back by an hour after the night does not repeat the night', async () => {
  await product.nightly();
  const hourBefore = { now: () => new Date(product.clock.now().getTime() - 3_600_000) };
  await runNightly({ ...product.context, clock: hourBefore });
  const slots = (await nights()).map(({ slot }) => slot);
  expect(slots).toEqual([...new Set(slots)]);
  expect(slots.filter((slot) => slot === '2026-03-11')).toHaveLength(1);
});

test('three missed nights are made up by one run', async () => {
  product.advanceClock(3 * 86_400_000);
  await product.poll();
  await product.poll();
  const runs = await nights();
  expect(runs.map(({ slot, state }) => ({ slot, state }))).toEqual([
    { slot: latestSlot('0 2 * * *', 'UTC', product.clock.now()).date, state: 'done' },
  ]);
});

test('no night is made up before the first slot after the installation', async () => {
  await product.poll();
  expect(await nights()).toEqual([]);
});

test('the night grades a contact that moved to another company by that company', async () => {
  const [mover, other] = (await product.contacts()).filter(({ companyId, properties }) => {
    return companyId !== null && properties.lifecyclestage === 'lead';
  });
  const companyId = (await product.contacts()).find(
    (contact) => contact.companyId && contact.companyId !== mover?.companyId,
  );
  await product.control('PATCH', `companies/${companyId?.companyId}`, { properties: { numberofemployees: '3' } });
  await product.control('PUT', 'associations', { contactId: mover?.id, companyId: companyId?.companyId });
  await product.nightly();
  const moved = await product.contact(mover?.id ?? '');
  expect(moved.properties.leadgrade_explanation).toContain('-10 Too small');
  expect(other?.id).not.toBe(mover?.id);
});

test('the night removes a meeting that was deleted in the CRM', async () => {
  const lead = (await product.contacts()).find(({ properties }) => properties.lifecyclestage === 'lead');
  const meeting = await product.control('POST', 'activities', { contactId: lead?.id, type: 'meeting' });
  await product.sync();
  const meetings = () =>
    product.context.db
      .selectFrom('activities')
      .select(['id', 'gone_at'])
      .where('record_id', '=', lead?.id ?? '')
      .where('type', '=', 'meeting')
      .where('gone_at', 'is', null)
      .execute();
  const before = (await meetings()).length;
  expect(before).toBeGreaterThan(0);
  await product.control('DELETE', `activities/meetings/${Object(meeting).id}`);
  await product.nightly();
  expect(await meetings()).toHaveLength(before - 1);
});

test('the night purges conflicts older than a year and quarantined bodies older than 30 days', async () => {
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

test('a purge that is interrupted half way leaves the night done, and its next attempt deletes the rest but nothing that is not old', async () => {
  const { db, enqueue, clock } = product.context;
  const at = (days: number) => new Date(clock.now().getTime() - days * 86_400_000);
  await sql`
    insert into leadgrade.processed_event_keys (crm, key, received_at)
    select 'hubspot', gen_random_uuid(), ${at(10)}::timestamptz from generate_series(1, 25000)
    union all select 'hubspot', gen_random_uuid(), ${clock.now()}::timestamptz from generate_series(1, 7)`.execute(db);
  await sql`create sequence leadgrade.test_purges`.execute(db);
  // The second statement of the purge fails, as when its process or connection ends.
  await sql`
    create function leadgrade.test_interrupt() returns trigger language plpgsql as $$
    begin if nextval('leadgrade.test_purges') = 2 then raise exception 'interrupted'; end if; return null; end $$`.execute(
    db,
  );
  await sql`
    create trigger test_interrupt after delete on leadgrade.processed_event_keys
    for each statement execute function leadgrade.test_interrupt()`.execute(db);
  const left = async () => (await db.selectFrom('processed_event_keys').select('received_at').execute()).length;
  await expect(product.nightly()).rejects.toThrow('interrupted');
  expect(await left()).toBeGreaterThan(7);
  expect(await left()).toBeLessThan(25_007);
  await enqueue('purge-old-rows', {});
  await product.runUntilIdle();
  expect(await left()).toBe(7);
  expect((await nights()).map(({ state }) => state)).toEqual(['done']);
});
