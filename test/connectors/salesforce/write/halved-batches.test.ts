// A batch that is too large for the flows and triggers of the org.
import { afterEach, expect, test } from 'vitest';
import { applySetup } from '../../../../connectors/salesforce/setup/apply-setup.ts';
import { createScoreWriter } from '../../../../connectors/salesforce/write/write-scores.ts';
import { people } from '../../../../sandbox/test/hubspot/sandbox-under-test.ts';
import type { ScorePatch, WriteResult } from '../../../../src/crm/connector.ts';
import { type ConnectedOrg, connectedOrg, failure, SIGNAL } from '../salesforce-fixture.ts';

const opened: ConnectedOrg[] = [];
afterEach(async () => {
  for (const { org } of opened.splice(0)) await org.close();
});

async function orgWithLeads(count: number) {
  const connected = await connectedOrg({ dataset: people(count) }, { retryOptions: { retries: 1, timeoutMs: 1_000 } });
  opened.push(connected);
  const { org, parts } = connected;
  for await (const _step of applySetup(parts, { statuses: [] }, { dryRun: false }, SIGNAL));
  await org.control('POST', '/reset-log');
  const write = createScoreWriter(parts);
  const patches = Array.from({ length: count }, (_, at): ScorePatch => {
    return { ref: { object: 'Lead', id: org.lead(at) }, values: { total_score: 26 } };
  });
  const sizes = async (): Promise<number[]> => {
    const lines: string = (await org.control('GET', '/log')).body;
    const calls = lines.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
    return calls.filter(({ path }) => path.endsWith('/composite/sobjects')).map(({ ids }) => ids?.length ?? 0);
  };
  return { org, patches, sizes, write: (part: readonly ScorePatch[]) => write(part, SIGNAL) };
}

function failed(results: readonly WriteResult[]) {
  return results.flatMap((result) => (result.kind === 'failed' ? [{ id: result.ref.id, error: result.error }] : []));
}

function written(results: readonly WriteResult[]): number {
  return new Set(results.flatMap((result) => (result.kind === 'written' ? [result.ref.id] : []))).size;
}

test.each([500, 503, 400])('a call that answers %i is an error of the call, and is not halved here', async (status) => {
  const { org, patches, write, sizes } = await orgWithLeads(8);
  await org.control('PUT', '/automation', { breaking: [{ id: org.lead(3), status }] });
  expect(await failure(write(patches))).toMatchObject({ code: 'UNKNOWN_EXCEPTION' });
  expect(new Set(await sizes())).toEqual(new Set([8]));
});

test.each([
  ['English', 'Too many SOQL queries: 101'],
  ['English, by a trigger', 'LeadTrigger: System.LimitException: Apex CPU time limit exceeded'],
  ['German', 'Zu viele SOQL-Abfragen: 101'],
  ['German, of the time', 'Das Apex-CPU-Zeitlimit wurde überschritten'],
  ['French', 'Trop de requêtes SOQL : 101'],
  ['Japanese', 'SOQL クエリが多すぎます: 101'],
  ['the words of the flow', 'Der Vorgang "Lead_zuordnen" ist fehlgeschlagen. Fehler-ID: 1234-5678 (9012)'],
])('a batch that exceeds the limit of a flow is halved until it fits (%s)', async (_, message) => {
  const { org, patches, write, sizes } = await orgWithLeads(120);
  await org.control('PUT', '/automation', { transactions: [{ object: 'Lead', maxRecords: 40, message }] });
  const results = await write(patches);
  expect([written(results), failed(results)]).toEqual([120, []]);
  expect(await sizes()).toEqual([120, 60, 30, 30, 60, 30, 30]);
  // The size is remembered for the next batches, and forgotten after an hour.
  await org.control('POST', '/reset-log');
  await write(patches);
  expect(await sizes()).toEqual([30, 30, 30, 30]);
  org.advanceClock(3_600_000);
  await org.control('PUT', '/automation', {});
  await org.control('POST', '/reset-log');
  await write(patches);
  expect(await sizes()).toEqual([120]);
});

test('a flow that fails for every lead, whatever the size, refuses them all with its words after few calls', async () => {
  const { org, patches, write, sizes } = await orgWithLeads(100);
  const message = 'Too many SOQL queries: 101';
  await org.control('PUT', '/automation', { transactions: [{ object: 'Lead', maxRecords: 0, message }] });
  const results = await write(patches);
  expect(failed(results)).toHaveLength(100);
  expect(failed(results)[0]?.error).toMatchObject({ kind: 'invalid', reason: expect.stringContaining(message) });
  expect((await sizes()).length).toBeLessThan(15);
});

test('an unknown field of the org that a trigger names refuses only its lead', async () => {
  const { org, patches, write } = await orgWithLeads(3);
  const error = {
    statusCode: 'INVALID_FIELD',
    message: "No such column 'Region__c' on sobject of type Lead",
    fields: [],
  };
  const ids = patches.map(({ ref }) => ref.id).toSorted();
  const body = ids.map((id, at) =>
    at === 1 ? { success: false, errors: [error] } : { id, success: true, errors: [] },
  );
  await org.control('PUT', '/faults', [{ match: { path: '/composite/sobjects' }, action: { status: 200, body } }]);
  const results = await write(patches);
  expect(written(results)).toBe(2);
  expect(failed(results)).toMatchObject([{ id: ids[1], error: { kind: 'invalid', code: 'INVALID_FIELD' } }]);
});
