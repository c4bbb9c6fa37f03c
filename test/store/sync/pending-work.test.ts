import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { listKnownIds } from '../../../src/store/reconcile/known-activities.ts';
import { pendingWork, pendingWorkText } from '../../../src/store/sync/pending-work.ts';
import { hasUnwritten } from '../../../src/store/sync/remaining-work.ts';
import { BACKEND } from '../../support/backends.ts';
import { at, CRM, freshStore, saveRead, snapshot } from '../fresh-store.ts';

describe(`a large backlog (${BACKEND.name})`, () => {
  const store = freshStore(BACKEND);

  async function queueWrites(count: number): Promise<void> {
    await sql`
      insert into leadgrade.outbox (crm, object, record_id, patch, queued_at)
      select ${CRM}, 'contacts', i::text, '{}', ${at()} from generate_series(1, ${count}::integer) i`.execute(store.db);
  }

  test('of writes is counted up to 10,000, and the text says that there are more', async () => {
    await queueWrites(12_000);
    const work = await pendingWork(store.db, at(), [CRM]);
    expect(work).toEqual({ dirty: 0, due: 0, outbox: 10_000 });
    expect(pendingWorkText(work)).toBe('0 to read, 0 to score, 10,000+ to write');
  });

  test('of a bulk write counts each record once, also without a newer result in the outbox', async () => {
    await queueWrites(3);
    await sql`insert into leadgrade.bulk_writes (crm, object, crm_job_id, opened_at, next_check_at)
      values (${CRM}, 'contacts', 'job', ${at()}, ${at(60)})`.execute(store.db);
    await sql`
      insert into leadgrade.bulk_write_rows (crm, object, record_id, version, patch, attempts)
      select ${CRM}, 'contacts', i::text, 1, '{}', 0 from generate_series(2, 5) i`.execute(store.db);
    expect((await pendingWork(store.db, at(), [CRM])).outbox).toBe(5);
  });

  test('that waits for its next attempt is pending, and no command waits for it', async () => {
    await queueWrites(2);
    const find = () => hasUnwritten(store.db, [CRM], { until: at(), now: at() });
    expect(await find()).toBe(true);
    await store.db
      .updateTable('outbox')
      .set({ retry_at: at(60) })
      .execute();
    expect(await find()).toBe(false);
    expect((await pendingWork(store.db, at(), [CRM])).outbox).toBe(2);
  });
});

describe(`the stored ids of a stream (${BACKEND.name})`, () => {
  const store = freshStore(BACKEND);

  test('are listed in pages, each id once, without tombstones and other streams', async () => {
    await saveRead(store, [snapshot('1'), snapshot('2')]);
    await sql`
      insert into leadgrade.activities (crm, object, record_id, id, lead_id, stream, type, at, attributes, seen_at, gone_at)
      select crm, object, r.id, 'list:' || i, lead_id, case when i > 2300 then 'others' else 'lists' end, 'list_join',
        ${at()}::timestamptz, '{}', ${at()}::timestamptz, case when i > 2200 then ${at()}::timestamptz end
      from generate_series(1, 2400) i cross join leadgrade.records r`.execute(store.db);
    const pages: (readonly string[])[] = [];
    for await (const page of listKnownIds(store.db, { crm: CRM, stream: 'lists' })) pages.push(page);
    expect(pages.map(({ length }) => length)).toEqual([1_000, 1_000, 200]);
    expect(new Set(pages.flat())).toEqual(new Set(Array.from({ length: 2_200 }, (_, index) => `list:${index + 1}`)));
  });
});
