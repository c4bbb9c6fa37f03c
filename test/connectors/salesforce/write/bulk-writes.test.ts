import { afterEach, expect, test } from 'vitest';
import { applySetup } from '../../../../connectors/salesforce/setup/apply-setup.ts';
import { createBulkWrites } from '../../../../connectors/salesforce/write/bulk-writes.ts';
import { peopleWithDeals } from '../../../../sandbox/test/salesforce/sandbox-under-test.ts';
import type { ScorePatch, WriteResult } from '../../../../src/crm/connector.ts';
import type { ScoreFieldValues } from '../../../../src/domain/score-fields.ts';
import { clearedScoreFields } from '../../../../src/mapping/write-back.ts';
import { type ConnectedOrg, connectedOrg, SIGNAL } from '../salesforce-fixture.ts';

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

const opened: ConnectedOrg[] = [];
afterEach(async () => {
  for (const { org } of opened.splice(0)) await org.close();
});

async function scoredOrg() {
  const connected = await connectedOrg({ dataset: peopleWithDeals(40, [0, 1]) });
  opened.push(connected);
  const { org, parts } = connected;
  for await (const _step of applySetup(parts, TARGET, { dryRun: false }, SIGNAL));
  const bulk = createBulkWrites(parts);
  const lead = (number: number, values = VALUES): ScorePatch => ({
    ref: { object: 'Lead', id: org.lead(number) },
    values,
  });
  const shown = async (number: number) => (await org.control('GET', `/records/Lead/${org.lead(number)}`)).body.values;
  const state = async (job: string) => (await org.call('GET', `/jobs/ingest/${job}`)).body.state;
  const writing = async (patches: readonly ScorePatch[]) => {
    const job = await bulk.open('Lead', SIGNAL);
    await bulk.send(job, patches, SIGNAL);
    return job;
  };
  const written = async (patches: readonly ScorePatch[]) => {
    const job = await writing(patches);
    while ((await bulk.status(job, SIGNAL)).kind === 'under-way');
    const refs = patches.map(({ ref }) => ref);
    return bulk.results(job, refs, SIGNAL);
  };
  return { ...connected, bulk, lead, shown, state, writing, written };
}

function of(outcomes: readonly WriteResult[], { ref }: ScorePatch) {
  return outcomes.find((outcome) => outcome.ref.id === ref.id);
}

test('leads hold all our fields after a bulk write, line breaks, quotes and emptied ones included', async () => {
  const { written, lead, shown } = await scoredOrg();
  const patches = [lead(3), lead(4)];
  expect(await written(patches)).toEqual(patches.map(({ ref }) => ({ kind: 'written', ref, modifiedAt: null })));
  expect(await shown(3)).toMatchObject({
    Leadgrade_Fit_Grade__c: 'B',
    Leadgrade_Behavior_Score__c: -4,
    Leadgrade_Explanation__c: '26 points, "hot"\n+30 VP, or C-level\n-4 Unsubscribed',
    Leadgrade_Scored_At__c: '2026-03-10T11:59:58.000Z',
  });
  await written([lead(3, clearedScoreFields()), lead(4, { ...VALUES, explanation: '' })]);
  const ours = Object.entries(await shown(3)).filter(([name]) => name.startsWith('Leadgrade_'));
  expect(ours.filter(([, value]) => value !== null)).toEqual([]);
  expect((await shown(4)).Leadgrade_Explanation__c).toBeNull();
});

test('a field that a patch does not have is left as it is', async () => {
  const { written, lead, shown } = await scoredOrg();
  await written([lead(3)]);
  const { status: _status, ...rest } = VALUES;
  await written([lead(3, { ...rest, fit_grade: 'A' })]);
  expect(await shown(3)).toMatchObject({ Leadgrade_Fit_Grade__c: 'A', Leadgrade_Status__c: 'hot' });
});

test('a job is open, under way, done; one that was given up or forgotten is ended', async () => {
  const { org, bulk, lead, writing, state } = await scoredOrg();
  const job = await bulk.open('Lead', SIGNAL);
  expect(await bulk.status(job, SIGNAL)).toEqual({ kind: 'open' });
  await bulk.send(job, [lead(3)], SIGNAL);
  expect(await bulk.status(job, SIGNAL)).toEqual({ kind: 'under-way' });
  expect(await bulk.status(job, SIGNAL)).toEqual({ kind: 'done' });
  const given = await bulk.open('Lead', SIGNAL);
  await bulk.abort(given, SIGNAL);
  expect([await state(given), await bulk.status(given, SIGNAL)]).toEqual(['Aborted', { kind: 'ended' }]);
  const gone = await writing([lead(3)]);
  while ((await bulk.status(gone, SIGNAL)).kind === 'under-way');
  await org.call('DELETE', `/jobs/ingest/${gone}`);
  expect(await bulk.status(gone, SIGNAL)).toEqual({ kind: 'ended' });
});

test('each lead of a job has its own outcome, as by collections', async () => {
  const { org, written, lead } = await scoredOrg();
  await org.control('PUT', '/locks', [{ id: lead(3).ref.id, times: 1 }]);
  const rule = { object: 'Lead', ids: [lead(4).ref.id], message: 'Not now: ask bob@example.com', field: 'Title' };
  await org.control('PUT', '/validation-rules', [rule]);
  await org.control('POST', '/convert', { leadId: lead(5).ref.id });
  await org.control('DELETE', `/records/Lead/${lead(6).ref.id}`);
  const outcomes = await written([lead(3), lead(4), lead(5), lead(6), lead(7)]);
  expect(outcomes).toHaveLength(5);
  expect(of(outcomes, lead(3))).toMatchObject({ kind: 'failed', error: { kind: 'retry', code: 'UNABLE_TO_LOCK_ROW' } });
  const error = { kind: 'invalid', code: 'FIELD_CUSTOM_VALIDATION_EXCEPTION' };
  expect(of(outcomes, lead(4))).toMatchObject({ kind: 'failed', error });
  expect(JSON.stringify(outcomes)).not.toContain('bob');
  expect(of(outcomes, lead(5))).toMatchObject({ kind: 'merged', into: { object: 'Contact' } });
  expect(of(outcomes, lead(6))).toMatchObject({ kind: 'gone' });
  expect(of(outcomes, lead(7))).toMatchObject({ kind: 'written' });
});

test('leads that a job did not come to are written again', async () => {
  const { org, bulk, lead, writing } = await scoredOrg();
  await org.control('PUT', '/bulk', { rowsPerPoll: 1, unfinishedPolls: 0 });
  const job = await writing([lead(3), lead(4)]);
  await bulk.status(job, SIGNAL);
  await org.call('PATCH', `/jobs/ingest/${job}`, { state: 'Aborted' });
  const outcomes = await bulk.results(job, [lead(3).ref, lead(4).ref], SIGNAL);
  expect(of(outcomes, lead(3))).toMatchObject({ kind: 'written' });
  expect(of(outcomes, lead(4))).toMatchObject({ kind: 'failed', error: { kind: 'retry' } });
});

test('an upload whose answer was lost is not sent twice, and the job goes on', async () => {
  const { org, written, lead } = await scoredOrg();
  await org.control('PUT', '/faults', [
    { match: { method: 'PUT', path: '/batches', nth: 1 }, action: { applyThenReset: true } },
  ]);
  expect(await written([lead(3)])).toMatchObject([{ kind: 'written' }]);
});

test('a field of ours that is hidden ends the job with the error that stops the writer', async () => {
  const { org, bulk, lead, writing } = await scoredOrg();
  await org.control('PUT', '/hidden-fields', ['Lead.Leadgrade_Status__c']);
  const job = await writing([lead(3)]);
  const error = { kind: 'configuration', fix: expect.stringContaining('leadgrade doctor') };
  expect(await bulk.status(job, SIGNAL)).toMatchObject({ kind: 'failed', error });
});

test('a grade that the picklist does not have stops the writer', async () => {
  const { written, lead } = await scoredOrg();
  await expect(written([lead(3, { ...VALUES, fit_grade: 'Z' })])).rejects.toMatchObject({
    kind: 'configuration',
    code: 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
  });
});
