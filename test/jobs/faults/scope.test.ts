import { describe, expect, test } from 'vitest';
import { clearPause, listPauses } from '../../../src/store/sync/crm-pauses.ts';
import { allStreams, recheckAvailability } from '../../../src/store/sync/streams.ts';
import { leads } from '../../support/leads.ts';
import { openedProducts } from '../../support/opened-products.ts';
import type { TestProduct, TestProductOptions } from '../../support/product.ts';
import { expectInSync, logEnd, scoreOf, timesWritten, warnings } from './assertions.ts';

const { open } = openedProducts();

const NOTHING = { grade: null, fit: null, behavior: null, total: null, status: null };

/** A cleared property comes back as "" or not at all. */
async function shown(product: TestProduct, id: string) {
  const score = scoreOf(await product.contact(id));
  return Object.fromEntries(Object.entries(score).map(([field, value]) => [field, value === '' ? null : value]));
}

function setStage(product: TestProduct, id: string, lifecyclestage: string): Promise<unknown> {
  return product.control('PATCH', `contacts/${id}`, { properties: { lifecyclestage } });
}

describe('whom we score', () => {
  test('a customer is never written, as long as our fields are empty', async () => {
    const product = await open({ dataset: leads(3, { lifecycle: 'customer' }) });
    expect((await product.backfill()).state).toBe('done');
    expect(await product.writes()).toEqual([]);
    await expectInSync(product);
  });

  test('a contact without a lifecycle stage is scored: unknown is not out', async () => {
    const product = await open({ dataset: leads(2, { lifecycle: null }) });
    await product.backfill();
    expect(await shown(product, product.idOf('p1'))).toMatchObject({ status: 'engaged', fit: '100' });
    await expectInSync(product);
  });

  test('a lead that becomes a customer is cleared once, and scored again when it is a lead again', async () => {
    const product = await open({ dataset: leads(3) });
    await product.backfill();
    const p1 = product.idOf('p1');
    const before = await logEnd(product);
    await setStage(product, p1, 'customer');
    await product.sync();
    expect(await shown(product, p1)).toEqual(NOTHING);
    expect((await product.contact(p1)).properties.leadgrade_explanation ?? '').toBe('');
    await product.sync();
    await product.nightly();
    expect(await timesWritten(product, before)).toEqual(new Map([[p1, 1]]));
    await expectInSync(product);
    await setStage(product, p1, '');
    await product.sync();
    await setStage(product, p1, 'lead');
    await product.sync();
    expect(await shown(product, p1)).toMatchObject({ status: 'engaged', fit: '100' });
    await expectInSync(product);
  });

  test('what a customer does is kept, and counts when the contact is a lead again', async () => {
    const product = await open({ dataset: leads(2, { lifecycle: 'customer' }) });
    await product.backfill();
    const p1 = product.idOf('p1');
    const demo = { contactId: p1, type: 'form_submission', attributes: { form: 'demo' } };
    await product.control('POST', 'activities', demo);
    await product.sync();
    expect(await product.writes()).toEqual([]);
    await setStage(product, p1, '');
    await product.sync();
    expect(await shown(product, p1)).toMatchObject({ status: 'hot', behavior: '40' });
    await expectInSync(product);
  });
});

describe('a portal that may not show its page views', () => {
  async function deniedOf(product: TestProduct): Promise<readonly string[]> {
    const streams = await allStreams(product.context.db);
    const closed = streams.filter(
      ({ unavailableReason }) =>
        unavailableReason !== null && !unavailableReason.endsWith('is open and shows each one'),
    );
    return closed.map(({ stream }) => stream);
  }

  async function whoViewedPricing(options: TestProductOptions): Promise<TestProduct> {
    const product = await open({ dataset: leads(4), ...options });
    const contactId = product.idOf('p1');
    for (let visit = 0; visit < 3; visit++) {
      const attributes = { url: 'https://acme.example/pricing' };
      await product.control('POST', 'activities', { contactId, type: 'page_view', attributes });
    }
    product.advanceClock(60_000);
    return product;
  }

  test('nor counts them: they are unknown, and all else is scored; rounds do not ask for them again and again', async () => {
    const product = await whoViewedPricing({ sandbox: { tier: 'pro' } });
    const body = { status: 'error', category: 'OBJECT_NOT_FOUND', message: 'Property does not exist.' };
    await product.faults({ match: { path: '/hs_analytics_num_page_views' }, action: { status: 404, body } });
    expect((await product.backfill()).state).toBe('done');
    expect(await deniedOf(product)).toEqual(['page_view_counter', 'page_views']);
    expect(await shown(product, product.idOf('p1'))).toMatchObject({ status: 'engaged', behavior: '0' });
    const before = await logEnd(product);
    for (let round = 0; round < 3; round++) await product.sync();
    const asked = (await product.log(before)).filter(({ path }) => path.includes('/events/'));
    expect(asked).toEqual([]);
    await expectInSync(product);
  });

  test('and then may: everybody is scored again with them, without a backfill', async () => {
    const product = await whoViewedPricing({});
    const refusal = { status: 403, body: { status: 'error', category: 'MISSING_SCOPES', message: 'Not for you.' } };
    const absent = { status: 404, body: { status: 'error', category: 'OBJECT_NOT_FOUND', message: 'There is none.' } };
    await product.faults(
      { match: { path: '/events/' }, action: refusal },
      { match: { path: '/hs_analytics_num_page_views' }, action: absent },
    );
    await product.backfill();
    expect(await deniedOf(product)).toEqual(['page_view_counter', 'page_views']);
    const bases = async () => {
      const rows = await product.context.db.selectFrom('leads').select('scoring_inputs_hash').distinct().execute();
      return rows.map((row) => row.scoring_inputs_hash);
    };
    const without = await bases();
    await product.faults();
    product.advanceClock(25 * 3_600_000);
    await product.sync();
    expect(await deniedOf(product)).toEqual([]);
    expect(await shown(product, product.idOf('p1'))).toMatchObject({ status: 'hot' });
    const withViews = await bases();
    expect(withViews).toHaveLength(1);
    expect(withViews).not.toEqual(without);
    await expectInSync(product);
  });
});

describe('a stream that is closed for a while', () => {
  const refusal = { status: 403, body: { status: 'error', category: 'MISSING_SCOPES', message: 'Not for you.' } };
  const outage = { status: 503, body: {} };
  const demo = (contactId: string) => ({ contactId, type: 'form_submission', attributes: { form: 'demo' } });

  test('in the middle of a backfill, and open when that goes on: the backfill reads it, and ends', async () => {
    const product = await open({ dataset: leads(2) });
    await product.control('POST', 'activities', demo(product.idOf('p1')));
    product.advanceClock(60_000);
    // Denied while it is read; then the backfill stops before it has read all.
    await product.faults(
      { match: { path: '/submissions/' }, action: refusal },
      { match: { path: '/deals', nth: 2, times: 1000 }, action: outage },
    );
    expect((await product.backfill()).state).toBe('running');
    const denied = (await allStreams(product.context.db)).filter((each) => each.unavailableReason !== null);
    expect(denied.map(({ stream }) => stream)).toContain('form_submissions');
    await product.faults();
    // As the command does that is given again.
    await recheckAvailability(product.context.db, 'hubspot');
    await clearPause(product.context.db, { crm: 'hubspot', direction: 'read', before: product.clock.now() });
    await product.context.enqueue('sync-streams', { crm: 'hubspot' });
    await product.runUntilIdle();
    const run = await product.context.db.selectFrom('runs').selectAll().executeTakeFirstOrThrow();
    expect(run.state).toBe('done');
    expect(await shown(product, product.idOf('p1'))).toMatchObject({ status: 'hot', behavior: '40' });
    await expectInSync(product);
  });

  test('or gone: what it would show is unknown, and the others are read', async () => {
    const product = await open({ dataset: leads(2) });
    await product.faults({ match: { path: '/events/' }, action: { status: 404, body: { message: 'No such path.' } } });
    expect((await product.backfill()).state).toBe('done');
    const denied = (await allStreams(product.context.db)).filter((each) => each.unavailableReason !== null);
    expect(denied.map(({ stream }) => stream)).toContain('page_views');
    expect(await shown(product, product.idOf('p1'))).toMatchObject({ status: 'engaged' });
  });
});

describe('a token that may not read contacts', () => {
  test('is told of, and the run goes on when it may', async () => {
    const product = await open({ dataset: leads(2) });
    const refusal = { status: 403, body: { status: 'error', category: 'MISSING_SCOPES', message: 'Not for you.' } };
    await product.faults({ match: { path: '/contacts' }, action: refusal });
    expect((await product.backfill()).state).toBe('running');
    expect(await listPauses(product.context.db, ['hubspot'])).toMatchObject([{ side: 'read', kind: 'forbidden' }]);
    await product.faults();
    product.advanceClock(5 * 60_000 + 1);
    await product.runUntilIdle();
    expect(await shown(product, product.idOf('p1'))).toMatchObject({ status: 'engaged' });
    await expectInSync(product);
  });
});

describe('a token that is revoked', () => {
  const REVOKED = { status: 401, body: { status: 'error', category: 'INVALID_AUTHENTICATION', message: 'Expired.' } };

  test.each(['meetings', 'batch/update'])(
    'in the middle of a run, at %s: it says so once, asks seldom, loses nothing, and goes on when it is accepted',
    async (path) => {
      const product = await open({ dataset: leads(3) });
      await product.faults({ match: { path }, action: REVOKED });
      expect((await product.backfill()).state).toBe('running');
      expect(await listPauses(product.context.db, ['hubspot'])).toMatchObject([
        { kind: 'auth', fix: expect.stringContaining('TOKEN') },
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

describe('the product is opened again', () => {
  test('on the same data: it reads what changed and writes nothing twice', async () => {
    const product = await open({ contacts: 30 });
    await product.backfill();
    const before = await logEnd(product);
    await product.restart();
    await product.sync();
    const calls = (await product.log(before)).map(({ method, path }) => `${method} ${path}`);
    expect(calls.filter((call) => call.includes('batch/'))).toEqual([]);
    await expectInSync(product);
  });
});
