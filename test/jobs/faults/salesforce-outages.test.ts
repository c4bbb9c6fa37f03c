import { describe, expect, test } from 'vitest';
import { listPauses } from '../../../src/store/sync/crm-pauses.ts';
import { allStreams } from '../../../src/store/sync/streams.ts';
import {
  askForDemo,
  expectInSync,
  leadOf,
  logEnd,
  openOrg,
  pollFor,
  timesWritten,
  warnings,
} from './salesforce-assertions.ts';

const DOWN = { status: 503, body: [{ errorCode: 'SERVER_UNAVAILABLE', message: 'Down for maintenance.' }] };
const MINUTE = 60_000;

describe('while Salesforce is down', () => {
  test('for an hour during the first sync, calls are retried every 15 s, and the sync then continues by itself', async () => {
    const product = await openOrg();
    await product.faults({ match: { path: 'FROM\\+(Task|Organization)' }, action: DOWN });
    expect((await product.backfill()).state).toBe('running');
    const before = await logEnd(product);
    for (let passed = 0; passed < 60 * MINUTE; passed += 15_000) {
      product.advanceClock(15_001);
      await product.runUntilIdle();
    }
    const calls = (await product.log(before)).length;
    expect(calls).toBeGreaterThanOrEqual(60 * 4);
    // The organization is asked for, too: the outage is not that of one stream.
    expect(calls).toBeLessThanOrEqual(60 * 4 * 5);
    expect(warnings(product)).toHaveLength(1);
    await product.faults();
    product.advanceClock(15_001);
    await product.runUntilIdle();
    expect(new Set((await timesWritten(product)).values())).toEqual(new Set([1]));
    expect((await timesWritten(product)).size).toBe(6);
    await expectInSync(product);
  });

  test.each([
    { code: 'API_CURRENTLY_DISABLED', status: 403, kind: 'retry' },
    { code: 'API_DISABLED_FOR_ORG', status: 403, kind: 'configuration' },
  ])('and responds with $code, no stream is marked as unavailable', async ({ code, status, kind }) => {
    const product = await openOrg();
    await product.backfill();
    await product.faults({ action: { status, body: [{ errorCode: code, message: 'The API is not available.' }] } });
    await pollFor(product, 10);
    expect(await listPauses(product.context.db, ['salesforce'])).toMatchObject([
      { direction: 'read', error_kind: kind },
    ]);
    expect(
      (await allStreams(product.context.db)).filter(({ unavailableReason }) => unavailableReason !== null),
    ).toEqual([]);
    expect(warnings(product)).toHaveLength(1);
    await product.faults();
    const p1 = leadOf(product, 'p1');
    await askForDemo(product, p1);
    await pollFor(product, 6);
    expect((await product.record('Lead', p1)).Leadgrade_Status__c).toBe('hot');
    await expectInSync(product);
  });

  test.each([
    { what: 'a 502 of a gateway, in HTML', action: { status: 502, body: '<html>Bad Gateway</html>' } },
    { what: 'a 200 without JSON', action: { status: 200, body: '<html>Sorry</html>' } },
    { what: 'a reset connection', action: { reset: true } },
    { what: 'headers without a body', action: { hangAfterHeaders: true } },
  ])('and responds with $what, each lead is written once afterwards', async ({ action }) => {
    const product = await openOrg({ retryOptions: { timeoutMs: 300, maxThrottleWaitMs: 1_000 } });
    await product.faults({ match: { path: 'composite/sobjects', times: 2 }, action });
    await product.backfill();
    product.advanceClock(15_001);
    await product.runUntilIdle();
    const written = (await product.writes()).slice(2).flatMap(({ ids = [] }) => ids);
    expect([written.length, new Set(written).size]).toEqual([6, 6]);
    await expectInSync(product);
  });
});

describe('when Salesforce applies a write and its response is lost', () => {
  test.each([
    { what: 'in a timeout', action: { applyThenHang: true }, times: 1 },
    { what: 'in four connection resets', action: { applyThenReset: true }, times: 4 },
  ])('$what, the same values are written again, and the history has one change', async ({ action, times }) => {
    const product = await openOrg({ retryOptions: { timeoutMs: 300 } });
    await product.faults({ match: { path: 'composite/sobjects', times }, action });
    await product.backfill();
    for (let attempt = 0; attempt < times; attempt++) {
      product.advanceClock(15_001);
      await product.runUntilIdle();
    }
    const writes = await product.writes();
    expect(writes).toHaveLength(times + 1);
    for (const write of writes) expect(write.writes).toEqual(writes[0]?.writes);
    expect(await product.context.db.selectFrom('results').select('lead_id').execute()).toHaveLength(6);
    await expectInSync(product);
  });
});

describe('an access token', () => {
  test('that expires during a run is renewed without a warning', async () => {
    const product = await openOrg();
    const body = [{ errorCode: 'INVALID_SESSION_ID', message: 'Session expired or invalid' }];
    await product.faults(
      { match: { path: 'FROM\\+Task', times: 1 }, action: { status: 401, body } },
      { match: { path: 'composite/sobjects', times: 1 }, action: { status: 401, body } },
    );
    expect((await product.backfill()).state).toBe('done');
    await product.control('POST', 'tokens/expire');
    await askForDemo(product, leadOf(product, 'p1'));
    expect((await product.sync()).state).toBe('done');
    expect((await product.record('Lead', leadOf(product, 'p1'))).Leadgrade_Status__c).toBe('hot');
    expect(warnings(product)).toEqual([]);
    await expectInSync(product);
  });

  test('that cannot be renewed pauses reading with one warning, and after the app is fixed all results are written', async () => {
    const product = await openOrg();
    await product.backfill();
    await product.control('PUT', 'app', { hasRunAs: false });
    await product.control('POST', 'tokens/expire');
    const p1 = leadOf(product, 'p1');
    await askForDemo(product, p1);
    const before = await logEnd(product);
    await pollFor(product, 30);
    expect(await listPauses(product.context.db, ['salesforce'])).toMatchObject([
      { direction: 'read', error_kind: 'auth', fix: expect.stringContaining('Run As') },
    ]);
    expect(warnings(product)).toHaveLength(1);
    expect((await product.log(before)).length).toBeLessThanOrEqual(14);
    await product.control('PUT', 'app', { hasRunAs: true });
    await pollFor(product, 6);
    expect(await timesWritten(product, before)).toEqual(new Map([[p1, 1]]));
    await expectInSync(product);
  });
});
