import { expect, test } from 'vitest';
import { applySetup } from '../../../../connectors/salesforce/setup/apply-setup.ts';
import { createBulkWrites } from '../../../../connectors/salesforce/write/bulk-writes.ts';
import { peopleWithDeals } from '../../../../sandbox/test/salesforce/sandbox-under-test.ts';
import type { ScorePatch, WriteResult } from '../../../../src/crm/connector.ts';
import type { ScoreFieldValues } from '../../../../src/domain/score-fields.ts';
import { clearedScoreFields } from '../../../../src/mapping/write-back.ts';
import { connectedOrg, SIGNAL } from '../salesforce-fixture.ts';

const VALUES: ScoreFieldValues = {
  fit_grade: 'B',
  fit_score: 30,
  behavior_score: -4,
  total_score: 26,
  status: 'hot',
  explanation: '26 points, "hot"\r\n+30 VP, or C-level\n-4 Unsubscribed',
  scored_at: '2026-03-10T11:59:58.123Z',
  model: 'shipped@1',
};
const TARGET = { statuses: [{ value: 'hot', label: 'Hot' }] };

async function scoredOrg() {
  const { org, parts } = await connectedOrg({ dataset: peopleWithDeals(40, [0, 1]) });
  for await (const _step of applySetup(parts, TARGET, { dryRun: false }, SIGNAL));
  const bulk = createBulkWrites(parts);
  const lead = (index: number, values = VALUES): ScorePatch => ({
    ref: { object: 'Lead', id: org.lead(index) },
    values,
  });
  const valuesOf = async (index: number) => (await org.control('GET', `/records/Lead/${org.lead(index)}`)).body.values;
  const state = async (job: string) => (await org.call('GET', `/jobs/ingest/${job}`)).body.state;
  const startWrite = async (patches: readonly ScorePatch[]) => {
    const job = await bulk.open('Lead', SIGNAL);
    await bulk.send(job, patches, SIGNAL);
    return job;
  };
  const writeAll = async (patches: readonly ScorePatch[]) => {
    const job = await startWrite(patches);
    while ((await bulk.status(job, SIGNAL)).kind === 'running');
    const refs = patches.map(({ ref }) => ref);
    return bulk.results(job, refs, SIGNAL);
  };
  return { org, parts, bulk, lead, valuesOf, state, startWrite, writeAll };
}

function resultOf(results: readonly WriteResult[], { ref }: ScorePatch) {
  return results.find((result) => result.ref.id === ref.id);
}

test('a bulk write stores all fields of two leads, including line breaks, quotes and cleared fields', async () => {
  const { writeAll, lead, valuesOf } = await scoredOrg();
  const patches = [lead(3), lead(4)];
  expect(await writeAll(patches)).toEqual(patches.map(({ ref }) => ({ kind: 'written', ref, modifiedAt: null })));
  expect(await valuesOf(3)).toMatchObject({
    Leadgrade_Fit_Grade__c: 'B',
    Leadgrade_Behavior_Score__c: -4,
    Leadgrade_Explanation__c: '26 points, "hot"\n+30 VP, or C-level\n-4 Unsubscribed',
    Leadgrade_Scored_At__c: '2026-03-10T11:59:58.000Z',
  });
  await writeAll([lead(3, clearedScoreFields()), lead(4, { ...VALUES, explanation: '' })]);
  const ownValues = Object.entries(await valuesOf(3)).filter(([name]) => name.startsWith('Leadgrade_'));
  expect(ownValues.filter(([, value]) => value !== null)).toEqual([]);
  expect((await valuesOf(4)).Leadgrade_Explanation__c).toBeNull();
});

test('a bulk write leaves a field unchanged that a patch does not have', async () => {
  const { writeAll, lead, valuesOf } = await scoredOrg();
  await writeAll([lead(3)]);
  const { status: _status, ...rest } = VALUES;
  await writeAll([lead(3, { ...rest, fit_grade: 'A' })]);
  expect(await valuesOf(3)).toMatchObject({ Leadgrade_Fit_Grade__c: 'A', Leadgrade_Status__c: 'hot' });
});

test('a bulk write is open, then running, then done; an aborted or deleted one is abandoned', async () => {
  const { org, bulk, lead, startWrite, state } = await scoredOrg();
  const job = await bulk.open('Lead', SIGNAL);
  expect(await bulk.status(job, SIGNAL)).toEqual({ kind: 'open' });
  await bulk.send(job, [lead(3)], SIGNAL);
  expect(await bulk.status(job, SIGNAL)).toEqual({ kind: 'running' });
  expect(await bulk.status(job, SIGNAL)).toEqual({ kind: 'done' });
  const aborted = await bulk.open('Lead', SIGNAL);
  await bulk.abort(aborted, SIGNAL);
  expect([await state(aborted), await bulk.status(aborted, SIGNAL)]).toEqual(['Aborted', { kind: 'abandoned' }]);
  const deleted = await startWrite([lead(3)]);
  while ((await bulk.status(deleted, SIGNAL)).kind === 'running');
  await org.call('DELETE', `/jobs/ingest/${deleted}`);
  expect(await bulk.status(deleted, SIGNAL)).toEqual({ kind: 'abandoned' });
});

test('each lead of a bulk write has its own result: locked, refused, merged, deleted or written', async () => {
  const { org, writeAll, lead } = await scoredOrg();
  await org.control('PUT', '/locks', [{ id: lead(3).ref.id, times: 1 }]);
  const rule = { object: 'Lead', ids: [lead(4).ref.id], message: 'Not now: ask bob@example.com', field: 'Title' };
  await org.control('PUT', '/validation-rules', [rule]);
  await org.control('POST', '/convert', { leadId: lead(5).ref.id });
  await org.control('DELETE', `/records/Lead/${lead(6).ref.id}`);
  const results = await writeAll([lead(3), lead(4), lead(5), lead(6), lead(7)]);
  expect(results).toHaveLength(5);
  expect(resultOf(results, lead(3))).toMatchObject({
    kind: 'failed',
    error: { kind: 'retry', code: 'UNABLE_TO_LOCK_ROW' },
  });
  const error = { kind: 'invalid', code: 'FIELD_CUSTOM_VALIDATION_EXCEPTION' };
  expect(resultOf(results, lead(4))).toMatchObject({ kind: 'failed', error });
  expect(JSON.stringify(results)).not.toContain('bob');
  expect(resultOf(results, lead(5))).toMatchObject({ kind: 'merged', into: { object: 'Contact' } });
  expect(resultOf(results, lead(6))).toMatchObject({ kind: 'gone' });
  expect(resultOf(results, lead(7))).toMatchObject({ kind: 'written' });
});

test('a lead that an aborted bulk write did not process has a retry error', async () => {
  const { org, bulk, lead, startWrite } = await scoredOrg();
  await org.control('PUT', '/bulk', { rowsPerPoll: 1, unfinishedPolls: 0 });
  const job = await startWrite([lead(3), lead(4)]);
  await bulk.status(job, SIGNAL);
  await org.call('PATCH', `/jobs/ingest/${job}`, { state: 'Aborted' });
  const results = await bulk.results(job, [lead(3).ref, lead(4).ref], SIGNAL);
  expect(resultOf(results, lead(3))).toMatchObject({ kind: 'written' });
  expect(resultOf(results, lead(4))).toMatchObject({ kind: 'failed', error: { kind: 'retry' } });
});

test('a bulk write succeeds if the response to its upload is lost and the retry is refused', async () => {
  const { org, writeAll, lead } = await scoredOrg();
  await org.control('PUT', '/faults', [
    { match: { method: 'PUT', path: '/batches', nth: 1 }, action: { applyThenReset: true } },
  ]);
  expect(await writeAll([lead(3)])).toMatchObject([{ kind: 'written' }]);
});

test('a bulk write with a hidden Leadgrade field fails with a configuration error', async () => {
  const { org, bulk, lead, startWrite } = await scoredOrg();
  await org.control('PUT', '/hidden-fields', ['Lead.Leadgrade_Status__c']);
  const job = await startWrite([lead(3)]);
  const error = { kind: 'configuration', fix: expect.stringContaining('leadgrade doctor') };
  expect(await bulk.status(job, SIGNAL)).toMatchObject({ kind: 'failed', error });
});

test('a bulk write with a grade that the picklist does not have throws a configuration error', async () => {
  const { writeAll, lead } = await scoredOrg();
  await expect(writeAll([lead(3, { ...VALUES, fit_grade: 'Z' })])).rejects.toMatchObject({
    kind: 'configuration',
    code: 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
  });
});
