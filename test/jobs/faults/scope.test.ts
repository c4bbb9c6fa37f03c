import { describe, expect, test } from 'vitest';
import { groupSetAside } from '../../../src/store/set-aside/list-set-aside.ts';
import { retrySetAside } from '../../../src/store/set-aside/set-aside.ts';
import { clearPause, listPauses } from '../../../src/store/sync/crm-pauses.ts';
import { recheckAvailability } from '../../../src/store/sync/stream-availability.ts';
import { allStreams } from '../../../src/store/sync/streams.ts';
import { leads } from '../../support/leads.ts';
import { openTestProduct, type TestProduct, type TestProductOptions } from '../../support/product.ts';
import { expectInSync, logEnd, scoreOf, timesWritten, warnings } from './assertions.ts';

const CLEARED = { grade: null, fit: null, behavior: null, total: null, status: null };

/** HubSpot returns a cleared property as "" or omits it. */
async function visibleScore(product: TestProduct, id: string) {
  const score = scoreOf(await product.contact(id));
  return Object.fromEntries(Object.entries(score).map(([field, value]) => [field, value === '' ? null : value]));
}

function setStage(product: TestProduct, id: string, lifecyclestage: string): Promise<unknown> {
  return product.control('PATCH', `contacts/${id}`, { properties: { lifecyclestage } });
}

describe('the scope', () => {
  test('excludes a customer: with empty fields of ours, it is never written', async () => {
    const product = await openTestProduct({ dataset: leads(3, { lifecycle: 'customer' }) });
    expect((await product.backfill()).state).toBe('done');
    expect(await product.writes()).toEqual([]);
    await expectInSync(product);
  });

  test('includes a contact without a lifecycle stage', async () => {
    const product = await openTestProduct({ dataset: leads(2, { lifecycle: null }) });
    await product.backfill();
    expect(await visibleScore(product, product.idOf('p1'))).toMatchObject({ status: 'engaged', fit: '100' });
    await expectInSync(product);
  });

  test('excludes a lead that becomes a customer: it is cleared once, and scored when it is a lead again', async () => {
    const product = await openTestProduct({ dataset: leads(3) });
    await product.backfill();
    const p1 = product.idOf('p1');
    const before = await logEnd(product);
    await setStage(product, p1, 'customer');
    await product.sync();
    expect(await visibleScore(product, p1)).toEqual(CLEARED);
    expect((await product.contact(p1)).properties.leadgrade_explanation ?? '').toBe('');
    await product.sync();
    await product.nightly();
    expect(await timesWritten(product, before)).toEqual(new Map([[p1, 1]]));
    await expectInSync(product);
    await setStage(product, p1, '');
    await product.sync();
    await setStage(product, p1, 'lead');
    await product.sync();
    expect(await visibleScore(product, p1)).toMatchObject({ status: 'engaged', fit: '100' });
    await expectInSync(product);
  });

  test('does not stop the storing of activities: those of a customer count when the contact is a lead again', async () => {
    const product = await openTestProduct({ dataset: leads(2, { lifecycle: 'customer' }) });
    await product.backfill();
    const p1 = product.idOf('p1');
    const demo = { contactId: p1, type: 'form_submission', attributes: { form: 'demo' } };
    await product.control('POST', 'activities', demo);
    await product.sync();
    expect(await product.writes()).toEqual([]);
    await setStage(product, p1, '');
    await product.sync();
    expect(await visibleScore(product, p1)).toMatchObject({ status: 'hot', behavior: '40' });
    await expectInSync(product);
  });
});

describe('a portal without access to page views', () => {
  async function unavailableStreams(product: TestProduct): Promise<readonly string[]> {
    const streams = await allStreams(product.context.db);
    const unavailable = streams.filter(
      ({ unavailableReason }) =>
        unavailableReason !== null && !unavailableReason.endsWith('is available and lists each activity'),
    );
    return unavailable.map(({ stream }) => stream);
  }

  async function openWithPricingViews(options: TestProductOptions): Promise<TestProduct> {
    const product = await openTestProduct({ dataset: leads(4), ...options });
    const contactId = product.idOf('p1');
    for (let visit = 0; visit < 3; visit++) {
      const attributes = { url: 'https://acme.example/pricing' };
      await product.control('POST', 'activities', { contactId, type: 'page_view', attributes });
    }
    product.advanceClock(60_000);
    return product;
  }

  test('and without their counter scores all other data, and does not request them in every sync', async () => {
    const product = await openWithPricingViews({ sandbox: { tier: 'pro' } });
    const body = { status: 'error', category: 'OBJECT_NOT_FOUND', message: 'Property does not exist.' };
    await product.faults({ match: { path: '/hs_analytics_num_page_views' }, action: { status: 404, body } });
    expect((await product.backfill()).state).toBe('done');
    expect(await unavailableStreams(product)).toEqual(['page_view_counter', 'page_views']);
    expect(await visibleScore(product, product.idOf('p1'))).toMatchObject({ status: 'engaged', behavior: '0' });
    const before = await logEnd(product);
    for (let count = 0; count < 3; count++) await product.sync();
    const requests = (await product.log(before)).filter(({ path }) => path.includes('/events/'));
    expect(requests).toEqual([]);
    await expectInSync(product);
  });

  test('that gains the access scores all leads again with page views, without a backfill', async () => {
    const product = await openWithPricingViews({});
    const refusal = { status: 403, body: { status: 'error', category: 'MISSING_SCOPES', message: 'Not for you.' } };
    const absent = { status: 404, body: { status: 'error', category: 'OBJECT_NOT_FOUND', message: 'There is none.' } };
    await product.faults(
      { match: { path: '/events/' }, action: refusal },
      { match: { path: '/hs_analytics_num_page_views' }, action: absent },
    );
    await product.backfill();
    expect(await unavailableStreams(product)).toEqual(['page_view_counter', 'page_views']);
    const inputsHashes = async () => {
      const rows = await product.context.db.selectFrom('leads').select('scoring_inputs_hash').distinct().execute();
      return rows.map((row) => row.scoring_inputs_hash);
    };
    const without = await inputsHashes();
    await product.faults();
    product.advanceClock(25 * 3_600_000);
    await product.sync();
    expect(await unavailableStreams(product)).toEqual([]);
    expect(await visibleScore(product, product.idOf('p1'))).toMatchObject({ status: 'hot' });
    const withViews = await inputsHashes();
    expect(withViews).toHaveLength(1);
    expect(withViews).not.toEqual(without);
    await expectInSync(product);
  });
});

describe('page views that HubSpot refuses for ever', () => {
  const HOUR = 3_600_000;
  const refusal = { status: 400, body: { status: 'error', category: 'VALIDATION_ERROR', message: 'No.' } };
  const attributes = { url: 'https://acme.example/pricing' };

  /** The page views that count for a contact, by the stream that returned them. */
  async function viewsOf({ context }: TestProduct, id: string): Promise<Readonly<Record<string, number>>> {
    const all = context.db.selectFrom('activities').select('stream').where('record_id', '=', id);
    const rows = await all.where('type', '=', 'page_view').where('gone_at', 'is', null).execute();
    return Object.fromEntries([...Map.groupBy(rows, ({ stream }) => stream)].map(([name, of]) => [name, of.length]));
  }

  test('are told by their counter after a day, and each counts once before, meanwhile and when HubSpot allows them again', async () => {
    const product = await openTestProduct({ dataset: leads(2) });
    const id = product.idOf('p1');
    const stream = expect.objectContaining({ stream: 'page_views', kind: 'stream' });
    const view = () => product.control('POST', 'activities', { contactId: id, type: 'page_view', attributes });
    await view();
    product.advanceClock(60_000);
    await product.backfill();
    expect(await viewsOf(product, id)).toEqual({ page_views: 1 });

    await product.faults({ match: { path: 'event-occurrences' }, action: refusal });
    await view();
    product.advanceClock(HOUR);
    await product.sync();
    expect(await groupSetAside(product.context.db, ['hubspot'])).toContainEqual(stream);
    // An outage of hours is made up by the stream itself.
    expect(await viewsOf(product, id)).toEqual({ page_views: 1 });
    product.advanceClock(25 * HOUR);
    await product.sync();
    await view();
    product.advanceClock(HOUR);
    await product.sync();
    expect(await viewsOf(product, id)).toEqual({ page_views: 1, page_view_counter: 2 });
    // It is still named, and tried again.
    expect(await groupSetAside(product.context.db, ['hubspot'])).toContainEqual(stream);

    await product.faults();
    product.advanceClock(7 * HOUR);
    await product.sync();
    expect(await viewsOf(product, id)).toEqual({ page_views: 3 });
    // The periods that were refused meanwhile.
    product.advanceClock(60_000);
    await product.sync();
    expect(await viewsOf(product, id)).toEqual({ page_views: 3 });
    expect(await groupSetAside(product.context.db, ['hubspot'])).toEqual([]);
    await expectInSync(product);
  });
});

describe('a stream that is unavailable for a while', () => {
  const refusal = { status: 403, body: { status: 'error', category: 'MISSING_SCOPES', message: 'Not for you.' } };
  const outage = { status: 503, body: {} };
  const demo = (contactId: string) => ({ contactId, type: 'form_submission', attributes: { form: 'demo' } });

  test('during a backfill is read when the backfill continues, and the backfill ends', async () => {
    const product = await openTestProduct({ dataset: leads(2) });
    await product.control('POST', 'activities', demo(product.idOf('p1')));
    product.advanceClock(60_000);
    // The stream is refused while it is read; then an outage stops the backfill before its end.
    await product.faults(
      { match: { path: '/submissions/' }, action: refusal },
      { match: { path: '/deals', nth: 2, times: 1000 }, action: outage },
    );
    expect((await product.backfill()).state).toBe('running');
    const setAside = await groupSetAside(product.context.db, ['hubspot']);
    expect(setAside.map(({ stream, code }) => [stream, code])).toEqual([
      ['deals', 'HTTP_503'],
      ['form_submissions', 'MISSING_SCOPES'],
    ]);
    await product.faults();
    // As `leadgrade backfill` does when it is started again.
    await recheckAvailability(product.context.db, 'hubspot');
    await retrySetAside(product.context.db, product.clock.now());
    await clearPause(product.context.db, { crm: 'hubspot', direction: 'read', before: product.clock.now() });
    await product.context.enqueue('sync-streams', { crm: 'hubspot' });
    await product.runUntilIdle();
    const run = await product.context.db.selectFrom('runs').selectAll().executeTakeFirstOrThrow();
    expect(run.state).toBe('done');
    expect(await visibleScore(product, product.idOf('p1'))).toMatchObject({ status: 'hot', behavior: '40' });
    await expectInSync(product);
  });

  test('because its API path is gone does not stop the other streams from being read', async () => {
    const product = await openTestProduct({ dataset: leads(2) });
    await product.faults({ match: { path: '/events/' }, action: { status: 404, body: { message: 'No such path.' } } });
    expect((await product.backfill()).state).toBe('done');
    const unavailable = (await allStreams(product.context.db)).filter((row) => row.unavailableReason !== null);
    expect(unavailable.map(({ stream }) => stream)).toContain('page_views');
    expect(await visibleScore(product, product.idOf('p1'))).toMatchObject({ status: 'engaged' });
  });
});

describe('a token without the scope for contacts', () => {
  test('has its contacts set aside, with the fix, and they are read by themselves when the scope is granted', async () => {
    const product = await openTestProduct({ dataset: leads(2) });
    const refusal = { status: 403, body: { status: 'error', category: 'MISSING_SCOPES', message: 'Not for you.' } };
    await product.faults({ match: { path: '/contacts' }, action: refusal });
    await product.backfill();
    expect(await listPauses(product.context.db, ['hubspot'])).toEqual([]);
    const setAside = await groupSetAside(product.context.db, ['hubspot']);
    expect(setAside).toContainEqual(
      expect.objectContaining({
        stream: 'contacts',
        kind: 'stream',
        fix: expect.stringContaining('scopes'),
      }),
    );
    await product.faults();
    product.advanceClock(5 * 60_000 + 1);
    await product.poll();
    expect(await visibleScore(product, product.idOf('p1'))).toMatchObject({ status: 'engaged' });
    await expectInSync(product);
  });
});

describe('a revoked token', () => {
  const REVOKED = { status: 401, body: { status: 'error', category: 'INVALID_AUTHENTICATION', message: 'Expired.' } };

  test.each(['meetings', 'batch/update'])(
    'refused during a run at %s causes one warning and at most 6 calls in 30 minutes, and each lead is written once when it is accepted',
    async (path) => {
      const product = await openTestProduct({ dataset: leads(3) });
      await product.faults({ match: { path }, action: REVOKED });
      expect((await product.backfill()).state).toBe('running');
      expect(await listPauses(product.context.db, ['hubspot'])).toMatchObject([
        { error_kind: 'auth', fix: expect.stringContaining('TOKEN') },
      ]);
      const before = await logEnd(product);
      for (let minute = 0; minute < 30; minute++) {
        product.advanceClock(60_000);
        await product.poll();
      }
      const refused = (await product.log(before)).filter(({ status }) => status === 401);
      expect(refused.length).toBeLessThanOrEqual(6);
      expect(warnings(product)).toHaveLength(1);
      await product.faults();
      product.advanceClock(5 * 60_000 + 1);
      await product.runUntilIdle();
      expect([...(await timesWritten(product)).values()]).toEqual([1, 1, 1]);
      await expectInSync(product);
    },
  );
});

describe('a restarted process', () => {
  test('reads the changes since and writes nothing twice', async () => {
    const product = await openTestProduct({ people: 30 });
    await product.backfill();
    const before = await logEnd(product);
    await product.restart();
    await product.sync();
    const calls = (await product.log(before)).map(({ method, path }) => `${method} ${path}`);
    expect(calls.filter((call) => call.includes('batch/'))).toEqual([]);
    await expectInSync(product);
  });
});
