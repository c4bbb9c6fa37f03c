// What CRMs send becomes a written score without a poll; however much of it comes, in whatever order.
import { describe, expect, test } from 'vitest';
import { toArrivedEvent } from '../../connectors/webhook.ts';
import { readQuarantineAgain } from '../../jobs/quarantined.ts';
import { conflictsOfLead } from '../../src/store/conflicts.ts';
import { putInInbox } from '../../src/store/inbox.ts';
import { putInQuarantine } from '../../src/store/quarantine.ts';
import { pageOfErrors } from '../../src/store/record-errors.ts';
import { hmacV3 } from '../support/hubspot-webhooks.ts';
import { leads } from '../support/leads.ts';
import { openedProducts } from '../support/opened-products.ts';
import type { TestProduct } from '../support/product.ts';
import { expectSettled, logEnd, scoreOf } from './faults/oracle.ts';

const PUBLIC_URL = 'https://leadgrade.example.com';
const { open } = openedProducts({ dataset: leads(6), settings: { PUBLIC_URL } });

let events = 0;

/** An event as HubSpot sends it, of now. */
function event(product: TestProduct, objectId: string, over: Readonly<Record<string, unknown>> = {}) {
  events += 1;
  return {
    eventId: events,
    subscriptionId: 1,
    portalId: Number(product.sandbox.portalId),
    occurredAt: product.clock.now().getTime(),
    subscriptionType: 'contact.propertyChange',
    attemptNumber: 0,
    objectId: Number(objectId),
    propertyName: 'jobtitle',
    changeSource: 'CRM_UI',
    sourceId: 'userId:1',
    ...over,
  };
}

/** Through the receiver, signed, into the inbox; nobody is told. */
async function arrive(product: TestProduct, sent: readonly object[]): Promise<number> {
  const { db, clock, crms } = product.context;
  const webhook = crms.get('hubspot')?.connector.webhook;
  const body = Buffer.from(JSON.stringify(sent));
  const receivedAt = clock.now();
  const url = `${PUBLIC_URL}/webhooks/hubspot`;
  const timestamp = String(receivedAt.getTime());
  const verdict = webhook?.receive({
    method: 'POST',
    url,
    rest: '',
    headers: {
      'x-hubspot-request-timestamp': timestamp,
      'x-hubspot-signature-v3': hmacV3(product.sandbox.clientSecret, url, body, timestamp),
    },
    body,
    receivedAt,
  });
  if (verdict?.kind !== 'accepted') throw new Error('The receiver refused what HubSpot sent.');
  return putInInbox(db, 'hubspot', verdict.events.map(toArrivedEvent), receivedAt);
}

async function deliver(product: TestProduct, ...sent: readonly object[]): Promise<void> {
  await arrive(product, sent);
  await product.context.ring('intake', {});
  await product.settle();
}

const setTitle = (product: TestProduct, id: string, jobtitle: string) =>
  product.control('PATCH', `contacts/${id}`, { properties: { jobtitle } });
const reads = async (product: TestProduct, since: number) =>
  (await product.log(since)).filter(({ path }) => path.endsWith('/contacts/batch/read'));
const searches = async (product: TestProduct, since: number) =>
  (await product.log(since)).filter(({ path }) => path.endsWith('/search'));
const recordOf = (product: TestProduct, id: string) =>
  product.context.db.selectFrom('records').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

describe('a webhook', () => {
  test('of a title that changed has the contact read and written, and nothing searched', async () => {
    const product = await open();
    await product.backfill();
    const p1 = product.idOf('p1');
    await setTitle(product, p1, 'Student');
    const since = await logEnd(product);
    product.pass(10_000);
    await deliver(product, event(product, p1));
    expect((await product.contact(p1)).properties.leadgrade_explanation).toContain('Student or intern');
    expect(await searches(product, since)).toEqual([]);
    expect((await product.writes(since)).length).toBe(1);
    await expectSettled(product);
  });

  test('a thousand times for one contact is one read, and one more when the quiet time is over', async () => {
    const product = await open();
    await product.backfill();
    const p1 = product.idOf('p1');
    product.pass(60_000);
    const since = await logEnd(product);
    const storm = () => Array.from({ length: 1_000 }, () => event(product, p1));
    await deliver(product, ...storm());
    expect((await reads(product, since)).length).toBe(1);
    await setTitle(product, p1, 'Student');
    await deliver(product, ...storm());
    expect((await reads(product, since)).length).toBe(1);
    expect((await product.contact(p1)).properties.leadgrade_explanation).not.toContain('Student');
    product.pass(5_100);
    await product.settle();
    expect((await reads(product, since)).length).toBe(2);
    expect((await product.contact(p1)).properties.leadgrade_explanation).toContain('Student or intern');
    await expectSettled(product);
  });

  test('of each of 250 contacts is read in full batches', async () => {
    const product = await open({ dataset: leads(250) });
    await product.backfill();
    product.pass(60_000);
    const since = await logEnd(product);
    const all = [...product.sandbox.contactIds.values()];
    await deliver(product, ...all.flatMap((id) => [event(product, id), event(product, id)]));
    const asked = await reads(product, since);
    expect(asked.map(({ ids = [] }) => ids.length).toSorted((a, b) => a - b)).toEqual([50, 100, 100]);
    await expectSettled(product);
  });

  test('of a meeting is in the ledger although the search does not show it yet', async () => {
    const product = await open({ sandbox: { searchLagMs: 3_600_000 } });
    await product.backfill();
    const p1 = product.idOf('p1');
    const made = await product.control('POST', 'activities', {
      contactId: p1,
      type: 'meeting',
      attributes: { title: 'Intro' },
    });
    const id = JSON.stringify(made).match(/"id":"(\d+)"/)?.[1] ?? '';
    const since = await logEnd(product);
    const meeting = { subscriptionType: 'object.creation', objectTypeId: '0-47', propertyName: undefined };
    await deliver(product, event(product, id, meeting));
    const ledger = product.context.db
      .selectFrom('activities')
      .select(['type', 'gone_at'])
      .where('id', '=', `meeting:${id}`);
    expect(await ledger.execute()).toEqual([{ type: 'meeting', gone_at: null }]);
    await product.control('DELETE', `activities/meetings/${id}`);
    await deliver(product, event(product, id, { ...meeting, subscriptionType: 'object.deletion' }));
    expect((await ledger.execute())[0]?.gone_at).not.toBeNull();
    expect(await searches(product, since)).toEqual([]);
  });

  test('that tells of a form has the forms read before their time', async () => {
    const product = await open();
    await product.backfill();
    const p2 = product.idOf('p2');
    await product.control('POST', 'activities', {
      contactId: p2,
      type: 'form_submission',
      attributes: { form: 'Request a demo' },
    });
    product.pass(11_000);
    await deliver(
      product,
      event(product, p2, { propertyName: 'leadgrade_form_submitted_at', changeSource: 'AUTOMATION_PLATFORM' }),
    );
    expect((await product.contact(p2)).properties.leadgrade_explanation).toContain('Requested a demo');
  });

  test('of a contact that was deleted, restored, or merged is followed', async () => {
    const product = await open();
    await product.backfill();
    const [p1, p2, p3] = ['p1', 'p2', 'p3'].map((key) => product.idOf(key)) as [string, string, string];
    product.pass(10_000);
    await product.control('DELETE', `contacts/${p1}`);
    await deliver(product, event(product, p1, { subscriptionType: 'contact.deletion', propertyName: undefined }));
    expect((await recordOf(product, p1)).state).toBe('gone');
    await product.control('POST', `contacts/${p1}/restore`);
    product.pass(10_000);
    await deliver(product, event(product, p1, { subscriptionType: 'contact.restore', propertyName: undefined }));
    expect((await recordOf(product, p1)).state).toBe('live');
    await product.control('POST', 'merge', { primaryId: p2, mergedId: p3 });
    product.pass(10_000);
    const merge = { subscriptionType: 'contact.merge', propertyName: undefined, objectId: undefined };
    await deliver(
      product,
      event(product, p2, {
        ...merge,
        primaryObjectId: Number(p2),
        mergedObjectIds: [Number(p3)],
        newObjectId: Number(p2),
      }),
    );
    expect(await recordOf(product, p3)).toMatchObject({ state: 'merged', merged_into: p2 });
    await expectSettled(product);
  });

  test('that was stored by a process that was killed before it rang is taken at the next tick', async () => {
    const product = await open();
    await product.backfill();
    const p1 = product.idOf('p1');
    product.pass(60_000);
    await setTitle(product, p1, 'Student');
    await arrive(product, [event(product, p1)]);
    await product.restart();
    const since = await logEnd(product);
    await product.context.ring('intake', {});
    await product.settle();
    expect((await reads(product, since)).length).toBe(1);
    expect((await product.contact(p1)).properties.leadgrade_explanation).toContain('Student or intern');
  });

  test('while HubSpot does not answer stays marked, and is read when it does', async () => {
    const product = await open();
    await product.backfill();
    const p1 = product.idOf('p1');
    product.pass(60_000);
    await setTitle(product, p1, 'Student');
    await product.faults({ match: { path: '/crm/' }, action: { status: 503 } });
    await deliver(product, event(product, p1));
    expect((await product.contact(p1)).properties.leadgrade_explanation).not.toContain('Student');
    await product.faults();
    product.pass(60_000);
    await product.tick();
    expect((await product.contact(p1)).properties.leadgrade_explanation).toContain('Student or intern');
    await expectSettled(product);
  });

  test('of another portal marks nobody', async () => {
    const product = await open();
    await product.backfill();
    await deliver(product, event(product, product.idOf('p1'), { portalId: 999 }));
    const { db } = product.context;
    expect(await db.selectFrom('inbox').select('seq').execute()).toEqual([]);
    expect((await recordOf(product, product.idOf('p1'))).dirty_at).toBeNull();
    expect(product.lines.some(({ message }) => /another account/.test(message))).toBe(true);
  });

  test('that was not understood is read again on demand', async () => {
    const product = await open();
    await product.backfill();
    const { db, clock } = product.context;
    const p1 = product.idOf('p1');
    await putInQuarantine(
      db,
      'hubspot',
      [
        { text: JSON.stringify(event(product, p1)), reason: 'from an older version' },
        { text: '{]', reason: 'no JSON' },
      ],
      clock.now(),
    );
    expect(await readQuarantineAgain(product.context)).toBe(1);
    expect(await db.selectFrom('inbox').select('record_id').execute()).toEqual([{ record_id: p1 }]);
    expect(await db.selectFrom('quarantine').select('body').execute()).toEqual([{ body: '{]' }]);
  });
});

describe('a person who was erased in HubSpot', () => {
  const erasure = { subscriptionType: 'contact.privacyDeletion', propertyName: undefined };

  test('is erased here at once, from every table; what comes later is ignored', async () => {
    const product = await open();
    await product.backfill();
    const { db, clock } = product.context;
    const p1 = product.idOf('p1');
    const email = String((await recordOf(product, p1)).email_key);
    expect(email).toContain('@');
    await putInQuarantine(
      db,
      'hubspot',
      [
        { text: `{"email":"${email.toUpperCase()}"}`, reason: 'x' },
        { text: `{"objectId":${p1},"x":1}`, reason: 'y' },
        { text: '{"objectId":12345}', reason: 'z' },
      ],
      clock.now(),
    );
    await arrive(product, [event(product, p1)]);
    await product.control('POST', `contacts/${p1}/privacy-deletion`);
    await deliver(product, event(product, p1, erasure));
    expect(await recordOf(product, p1)).toMatchObject({ state: 'gone', fields: {}, held: {} });
    const tables = ['activities', 'field_values', 'outbox', 'errors', 'conflicts', 'links', 'counters'] as const;
    for (const table of tables) {
      expect(await db.selectFrom(table).select('crm').where('record_id', '=', p1).execute()).toEqual([]);
    }
    expect((await db.selectFrom('quarantine').select('body').execute()).map(({ body }) => body)).toEqual([
      '{"objectId":12345}',
    ]);
    const [report] = await db.selectFrom('erasures').selectAll().execute();
    expect(report?.erased).toMatchObject({ quarantine: 2 });
    expect(report?.email_hash).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(report)).not.toContain(email);
    const since = await logEnd(product);
    await deliver(product, event(product, p1), event(product, p1, erasure));
    expect(await reads(product, since)).toEqual([]);
    expect((await recordOf(product, p1)).dirty_at).toBeNull();
    await expectSettled(product);
  });

  test('and was never known here leaves a tombstone, so that late events make nothing', async () => {
    const product = await open();
    await product.backfill();
    await deliver(product, event(product, '987654321', erasure));
    const since = await logEnd(product);
    await deliver(product, event(product, '987654321'));
    expect(await reads(product, since)).toEqual([]);
    expect((await recordOf(product, '987654321')).erased_at).not.toBeNull();
  });
});

describe('a lead that changes again and again', () => {
  test('is stopped after sixty scorings in an hour, listed, and goes on when the hour is over', async () => {
    const product = await open();
    await product.backfill();
    const p1 = product.idOf('p1');
    const titles = ['Student', 'VP Sales'];
    let written = 0;
    for (let turn = 0; turn < 65; turn++) {
      await setTitle(product, p1, titles[turn % 2] ?? '');
      product.pass(6_000);
      await deliver(product, event(product, p1));
      if (turn === 61) written = (await product.writes()).length;
    }
    const { db } = product.context;
    expect(await pageOfErrors(db, { after: 0, limit: 10 })).toMatchObject([
      { code: 'SCORED_TOO_OFTEN', record_id: p1 },
    ]);
    expect((await product.writes()).length).toBe(written);
    await setTitle(product, product.idOf('p2'), 'Student');
    await deliver(product, event(product, product.idOf('p2')));
    expect((await product.contact(product.idOf('p2'))).properties.leadgrade_explanation).toContain('Student');
    await setTitle(product, p1, 'Student');
    product.pass(3_600_000);
    await product.tick();
    expect((await product.contact(p1)).properties.leadgrade_explanation).toContain('Student or intern');
    expect(await pageOfErrors(db, { after: 0, limit: 10 })).toEqual([]);
  });
});

describe('somebody else who writes our fields', () => {
  const edit = { properties: { leadgrade_status: 'cold', leadgrade_total_score: '1' } };

  test('is overwritten, and told of in the history', async () => {
    const product = await open();
    await product.backfill();
    const p1 = product.idOf('p1');
    const was = scoreOf(await product.contact(p1));
    await product.control('PATCH', `contacts/${p1}`, edit);
    await product.round();
    expect(scoreOf(await product.contact(p1))).toEqual(was);
    const { lead_id } = await recordOf(product, p1);
    const seen = await conflictsOfLead(product.context.db, lead_id, 10);
    expect(
      seen
        .map(({ field, theirs, policy }) => ({ field, theirs, policy }))
        .toSorted((a, b) => (a.field < b.field ? -1 : 1)),
    ).toEqual([
      { field: 'status', theirs: 'cold', policy: 'overwrite' },
      { field: 'total_score', theirs: 1, policy: 'overwrite' },
    ]);
    await product.round();
    expect((await conflictsOfLead(product.context.db, lead_id, 10)).length).toBe(2);
  });

  test('our own writes are no conflict, whatever happens on the way', async () => {
    const product = await open();
    await product.backfill();
    for (const title of ['Student', 'VP Sales']) {
      await setTitle(product, product.idOf('p1'), title);
      await product.faults({ match: { path: 'batch/update', nth: 1 }, action: { applyThenReset: true } });
      await product.round();
      product.pass(60_000);
      await product.tick();
    }
    expect(await product.context.db.selectFrom('conflicts').selectAll().execute()).toEqual([]);
    await expectSettled(product);
  });
});
