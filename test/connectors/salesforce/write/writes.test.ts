import { expect, test } from 'vitest';
import { applySetup } from '../../../../connectors/salesforce/setup/apply-setup.ts';
import { createScoreWriter, WRITE_BATCH } from '../../../../connectors/salesforce/write/write-scores.ts';
import { idOf } from '../../../../sandbox/salesforce/ids.ts';
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
  explanation: '26 points\n+30 VP\n-4 Unsubscribed',
  scored_at: '2026-03-10T11:59:58.123Z',
  model: 'shipped@1',
};
const TARGET = { statuses: [{ value: 'hot', label: 'Hot' }] };

/**
 * An org with the Leadgrade fields and 250 leads, of which the first two are converted to contacts.
 */
async function scoredOrg() {
  const connected = await connectedOrg({ dataset: peopleWithDeals(250, [0, 1]) });
  for await (const _step of applySetup(connected.parts, TARGET, { dryRun: false }, SIGNAL));
  await connected.org.control('POST', '/reset-log');
  const write = createScoreWriter(connected.parts);
  const patchOf = (object: string, id: string, values = VALUES): ScorePatch => ({ ref: { object, id }, values });
  const lead = (index: number, values?: ScoreFieldValues) => patchOf('Lead', connected.org.lead(index), values);
  const contact = (index: number) => patchOf('Contact', connected.org.contact(index));
  const valuesOf = async (id: string, object = 'Lead') => {
    return (await connected.org.control('GET', `/records/${object}/${id}`)).body.values;
  };
  const calls = async (): Promise<{ path: string; ids?: string[]; status: number }[]> => {
    const lines: string = (await connected.org.control('GET', '/log')).body;
    return lines.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
  };
  const writes = async () => (await calls()).filter(({ path }) => path.endsWith('/composite/sobjects'));
  return {
    ...connected,
    write: (patches: readonly ScorePatch[]) => write(patches, SIGNAL),
    lead,
    contact,
    valuesOf,
    writes,
  };
}

function kinds(results: readonly WriteResult[]) {
  return new Map(results.map((result) => [result.ref.id, result.kind]));
}

function failureOf(results: readonly WriteResult[], id: string) {
  const found = results.find(({ ref }) => ref.id === id);
  if (found?.kind !== 'failed') throw new Error(`expected a failed result, got ${found?.kind}`);
  return found.error;
}

test('a write stores all fields of a lead, and a write of cleared fields empties them', async () => {
  const { write, lead, valuesOf } = await scoredOrg();
  const { ref } = lead(5);
  expect(await write([lead(5)])).toEqual([{ kind: 'written', ref, modifiedAt: null }]);
  expect(await valuesOf(ref.id)).toMatchObject({
    Leadgrade_Fit_Grade__c: 'B',
    Leadgrade_Fit_Score__c: 30,
    Leadgrade_Behavior_Score__c: -4,
    Leadgrade_Total_Score__c: 26,
    Leadgrade_Status__c: 'hot',
    Leadgrade_Explanation__c: VALUES.explanation,
    Leadgrade_Scored_At__c: '2026-03-10T11:59:58.000Z',
    Leadgrade_Model__c: 'shipped@1',
  });
  await write([lead(5, clearedScoreFields())]);
  const values = await valuesOf(ref.id);
  const ownValues = Object.entries(values).filter(([name]) => name.startsWith('Leadgrade_'));
  expect(ownValues.filter(([, value]) => value !== null)).toEqual([]);
});

test('a patch can be written twice, in two writes or in one', async () => {
  const { write, lead, valuesOf } = await scoredOrg();
  await write([lead(5)]);
  expect(await write([lead(5), lead(5)])).toMatchObject([{ kind: 'written' }]);
  expect((await valuesOf(lead(5).ref.id)).Leadgrade_Total_Score__c).toBe(26);
});

test('leads and contacts are written in one call each, sorted by ID', async () => {
  const { write, lead, contact, writes } = await scoredOrg();
  const results = await write([lead(9), contact(1), lead(4), contact(0)]);
  expect(results.map(({ kind }) => kind)).toEqual(['written', 'written', 'written', 'written']);
  expect((await writes()).map(({ ids }) => ids)).toEqual([
    [lead(4).ref.id, lead(9).ref.id].toSorted(),
    [contact(0).ref.id, contact(1).ref.id].toSorted(),
  ]);
});

test('200 leads are written in one call, and 201 are refused without a call', async () => {
  const { write, lead, writes } = await scoredOrg();
  const patches = Array.from({ length: WRITE_BATCH }, (_, at) => lead(at + 2));
  expect(kinds(await write(patches)).size).toBe(WRITE_BATCH);
  expect(await writes()).toHaveLength(1);
  await expect(write([...patches, lead(230)])).rejects.toThrow(RangeError);
  expect(await writes()).toHaveLength(1);
});

test('a locked lead has a retry error, and the other leads of the call are written', async () => {
  const { org, write, lead } = await scoredOrg();
  await org.control('PUT', '/locks', [{ id: lead(6).ref.id, times: 1 }]);
  const results = await write([lead(5), lead(6), lead(7)]);
  expect([...kinds(results).values()].toSorted()).toEqual(['failed', 'written', 'written']);
  expect(failureOf(results, lead(6).ref.id)).toMatchObject({ kind: 'retry', code: 'UNABLE_TO_LOCK_ROW' });
  expect(await write([lead(6)])).toMatchObject([{ kind: 'written' }]);
});

test('a validation rule refuses only its lead, and its message is returned without e-mail addresses', async () => {
  const { org, write, lead } = await scoredOrg();
  const rule = { object: 'Lead', ids: [lead(6).ref.id], message: 'Ask bob@example.com before you edit this lead' };
  await org.control('PUT', '/validation-rules', [rule]);
  const results = await write([lead(5), lead(6), lead(7)]);
  expect([...kinds(results).values()].toSorted()).toEqual(['failed', 'written', 'written']);
  const error = failureOf(results, lead(6).ref.id);
  expect(error).toMatchObject({ kind: 'invalid', code: 'FIELD_CUSTOM_VALIDATION_EXCEPTION' });
  expect(error.fix).toContain('rules');
  expect(error.reason).toContain('before you edit this lead');
  expect(error.messageForErrorList).not.toContain('bob');
});

test('a duplicate rule that only alerts is overridden, and one that blocks refuses only its lead', async () => {
  const { org, write, lead } = await scoredOrg();
  await org.control('PUT', '/duplicate-rules', [
    { ids: [lead(5).ref.id], action: 'alert' },
    { ids: [lead(6).ref.id], action: 'block' },
  ]);
  const results = await write([lead(5), lead(6), lead(7)]);
  expect([5, 7].map((number) => kinds(results).get(lead(number).ref.id))).toEqual(['written', 'written']);
  expect(failureOf(results, lead(6).ref.id)).toMatchObject({ kind: 'invalid', code: 'DUPLICATES_DETECTED' });
});

test('the write of a converted lead returns it as merged into its contact', async () => {
  const { org, write, lead, valuesOf } = await scoredOrg();
  await org.control('POST', '/convert', { leadId: lead(6).ref.id });
  const contact = (await valuesOf(lead(6).ref.id)).ConvertedContactId;
  const results = await write([lead(5), lead(6)]);
  expect(results).toContainEqual({ kind: 'merged', ref: lead(6).ref, into: { object: 'Contact', id: contact } });
  expect(kinds(results).get(lead(5).ref.id)).toBe('written');
});

test('the write of a deleted or unknown lead returns it as gone, and of a merged lead as merged', async () => {
  const { org, write, lead } = await scoredOrg();
  await org.control('DELETE', `/records/Lead/${lead(6).ref.id}`);
  await org.control('POST', '/merge', { masterId: lead(7).ref.id, mergedId: lead(8).ref.id });
  const never = { ref: { object: 'Lead', id: idOf('00Q', 5_000) }, values: VALUES };
  const results = await write([lead(6), lead(7), lead(8), never]);
  expect(results).toContainEqual({ kind: 'gone', ref: lead(6).ref });
  expect(results).toContainEqual({ kind: 'merged', ref: lead(8).ref, into: lead(7).ref });
  expect(results).toContainEqual({ kind: 'gone', ref: never.ref });
  expect(kinds(results).get(lead(7).ref.id)).toBe('written');
});

test('a deleted lead that cannot be fetched has a retry error, and the results of the other leads are kept', async () => {
  const { org, write, lead } = await scoredOrg();
  await org.control('DELETE', `/records/Lead/${lead(6).ref.id}`);
  await org.control('PUT', '/faults', [{ match: { path: '/queryAll' }, action: { status: 503 } }]);
  const results = await write([lead(5), lead(6)]);
  expect(kinds(results).get(lead(5).ref.id)).toBe('written');
  expect(failureOf(results, lead(6).ref.id)).toMatchObject({ kind: 'retry', code: 'ENTITY_IS_DELETED' });
});

test('a write with a hidden Leadgrade field throws one configuration error with a fix', async () => {
  const { org, write, lead } = await scoredOrg();
  await org.control('PUT', '/hidden-fields', ['Lead.Leadgrade_Status__c']);
  await expect(write([lead(5)])).rejects.toMatchObject({
    kind: 'configuration',
    code: 'INVALID_FIELD',
    fix: expect.stringContaining('leadgrade doctor'),
  });
});

test('a write with a read-only Leadgrade field throws a configuration error', async () => {
  const { org, write, lead } = await scoredOrg();
  const [set] = await org.column("SELECT Id FROM PermissionSet WHERE Name = 'Leadgrade_Integration'");
  const soql = `SELECT Id FROM FieldPermissions WHERE Field = 'Lead.Leadgrade_Status__c' AND ParentId = '${set}'`;
  const [grant] = await org.column(soql);
  await org.call('PATCH', `/sobjects/FieldPermissions/${grant}`, { PermissionsEdit: false });
  await expect(write([lead(5)])).rejects.toMatchObject({
    kind: 'configuration',
    code: 'INVALID_FIELD_FOR_INSERT_UPDATE',
    message: expect.stringContaining('Leadgrade_Status__c'),
  });
});

test('a grade that the picklist does not have throws a configuration error, and a status of a new band is written', async () => {
  const { write, lead, valuesOf } = await scoredOrg();
  await expect(write([lead(5, { ...VALUES, fit_grade: 'Z' })])).rejects.toMatchObject({
    kind: 'configuration',
    code: 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
  });
  expect(await write([lead(5, { ...VALUES, status: 'new_band' })])).toMatchObject([{ kind: 'written' }]);
  expect((await valuesOf(lead(5).ref.id)).Leadgrade_Status__c).toBe('new_band');
});

test('an explanation that is too long fails only its lead, and the error does not quote it', async () => {
  const { write, lead } = await scoredOrg();
  const explanation = `Bob ${'x'.repeat(32_000)}`;
  const results = await write([lead(5), lead(6, { ...VALUES, explanation })]);
  expect(kinds(results).get(lead(5).ref.id)).toBe('written');
  const error = failureOf(results, lead(6).ref.id);
  expect(error).toMatchObject({ kind: 'invalid', code: 'STRING_TOO_LONG' });
  expect(error.reason).toContain('data value too large');
  expect(error.messageForErrorList).not.toContain('Bob');
});

test('a write whose connection breaks is repeated', async () => {
  const { org, write, lead, writes } = await scoredOrg();
  const fault = { match: { path: '/composite/sobjects', nth: 1 }, action: { applyThenReset: true } };
  await org.control('PUT', '/faults', [fault]);
  expect(await write([lead(5)])).toMatchObject([{ kind: 'written' }]);
  expect(await writes()).toHaveLength(2);
});

test('a response with a wrong number of results is a retry error of the whole call', async () => {
  const { org, write, lead } = await scoredOrg();
  const body = [{ id: lead(4).ref.id, success: true, errors: [] }];
  await org.control('PUT', '/faults', [{ match: { path: '/composite/sobjects' }, action: { status: 200, body } }]);
  await expect(write([5, 6, 7, 8, 9].map((number) => lead(number)))).rejects.toMatchObject({
    kind: 'retry',
    code: 'UNEXPECTED_RESPONSE',
  });
});

test('a lead that the user may not edit fails alone, and an object that the user may not edit throws a configuration error', async () => {
  const { org, write, lead } = await scoredOrg();
  const message = 'insufficient access rights on object id';
  const refused = { statusCode: 'INSUFFICIENT_ACCESS_OR_READONLY', message, fields: [] };
  const body = [{ success: false, errors: [refused] }];
  await org.control('PUT', '/faults', [{ match: { path: '/composite/sobjects' }, action: { status: 200, body } }]);
  const results = await write([lead(5)]);
  expect(failureOf(results, lead(5).ref.id)).toMatchObject({
    kind: 'invalid',
    fix: expect.stringContaining('sharing'),
  });
  await org.control('PUT', '/hidden-fields', ['Lead.Leadgrade_Status__c']);
  await expect(write([lead(5)])).rejects.toMatchObject({ kind: 'configuration', code: refused.statusCode });
});

test("a written lead keeps its owner although the org's assignment rule is active", async () => {
  const { org, write, lead, valuesOf } = await scoredOrg();
  const { ref } = lead(5);
  const owner = (await valuesOf(ref.id)).OwnerId;
  await write([lead(5)]);
  expect((await valuesOf(ref.id)).OwnerId).toBe(owner);
  // The same update without the header runs the rule.
  await org.call('PATCH', `/sobjects/Lead/${ref.id}`, { Leadgrade_Fit_Score__c: 31 });
  expect((await valuesOf(ref.id)).OwnerId).toMatch(/^00G/);
});
