import fc from 'fast-check';
import nock from 'nock';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { contactRef } from '../../../../connectors/hubspot/contacts/contact-mapping.ts';
import { clearedScoreFields } from '../../../../src/mapping/write-back.ts';
import { CRM, connect, hubspot } from '../hubspot-fixture.ts';

beforeEach(() => nock.disableNetConnect());
afterEach(() => {
  nock.cleanAll();
  nock.enableNetConnect();
});

const UPDATE = `${CRM}/contacts/batch/update`;
const MODIFIED = '2026-11-22T12:00:01.000Z';

interface Body {
  inputs: { id: string; properties: Record<string, unknown> }[];
}

const written = (id: string) => ({ id, properties: { lastmodifieddate: MODIFIED } });
const patches = (ids: readonly string[]) => {
  return ids.map((id) => ({ ref: contactRef(id), values: { ...clearedScoreFields(), total_score: 47 } }));
};

function respond(reply: (ids: string[], body: Body) => [number, object]): { calls: () => number } {
  let calls = 0;
  hubspot()
    .persist()
    .post(UPDATE)
    .reply(async (request: Request) => {
      calls += 1;
      const body: Body = JSON.parse(await request.text());
      return reply(
        body.inputs.map((input) => input.id),
        body,
      );
    });
  return { calls: () => calls };
}

test('a write sends all values as strings, clears null values with empty ones, and matches results by ID in any order', async () => {
  let sent: Body | null = null;
  respond((ids, body) => {
    sent = body;
    return [200, { results: ids.toReversed().map(written) }];
  });
  const { connector, signal } = connect();
  const results = await connector.writeScores(patches(['1', '2']), signal);
  expect(results).toEqual(['1', '2'].map((id) => ({ kind: 'written', ref: contactRef(id), modifiedAt: MODIFIED })));
  expect(sent!.inputs[0]).toEqual({
    id: '1',
    properties: {
      leadgrade_fit_grade: '',
      leadgrade_fit_score: '',
      leadgrade_behavior_score: '',
      leadgrade_total_score: '47',
      leadgrade_status: '',
      leadgrade_explanation: '',
      leadgrade_scored_at: '',
      leadgrade_model: '',
    },
  });
});

test('a 207 gives the written, gone and failed contacts of a batch their own results', async () => {
  respond(() => [
    207,
    {
      results: [written('1')],
      errors: [
        { category: 'OBJECT_NOT_FOUND', message: 'gone', context: { ids: ['2'] } },
        { category: 'VALIDATION_ERROR', message: 'a rule for bob@example.com', context: { ids: ['3'] } },
      ],
    },
  ]);
  const { connector, signal } = connect();
  const results = await connector.writeScores(patches(['1', '2', '3']), signal);
  expect(results.map(({ ref, kind }) => [ref.id, kind])).toEqual([
    ['1', 'written'],
    ['2', 'gone'],
    ['3', 'failed'],
  ]);
  const failed = results.find((result) => result.kind === 'failed')!;
  expect(failed.error).toMatchObject({ kind: 'invalid', code: 'VALIDATION_ERROR' });
  expect(failed.error.message).not.toContain('bob');
});

test('a contact that the error names is left out, and the others are written with one further call', async () => {
  const { calls } = respond((ids) => {
    if (!ids.includes('2')) return [200, { results: ids.map(written) }];
    return [400, { category: 'VALIDATION_ERROR', errors: [{ category: 'VALIDATION_ERROR', context: { ids: ['2'] } }] }];
  });
  const { connector, signal } = connect();
  const results = await connector.writeScores(patches(['1', '2', '3', '4']), signal);
  expect(results.filter(({ kind }) => kind === 'written').map(({ ref }) => ref.id)).toEqual(['1', '3', '4']);
  expect(calls()).toBe(2);
});

test('bad contacts that no error names are found with at most 2 x ceil(log2 n) further calls each', async () => {
  const batch = fc.integer({ min: 1, max: 100 }).chain((size) => {
    const ids = Array.from({ length: size }, (_, index) => String(index + 1));
    return fc.record({ ids: fc.constant(ids), bad: fc.subarray(ids, { maxLength: Math.min(size, 6) }) });
  });
  await fc.assert(
    fc.asyncProperty(batch, async ({ ids, bad }) => {
      nock.cleanAll();
      const { calls } = respond((sent) => {
        if (sent.some((id) => bad.includes(id))) return [400, { category: 'VALIDATION_ERROR', message: 'a rule' }];
        return [200, { results: sent.map(written) }];
      });
      const { connector, signal } = connect();
      const results = await connector.writeScores(patches(ids), signal);
      const kindOf = new Map(results.map(({ ref, kind }) => [ref.id, kind]));
      expect(results).toHaveLength(ids.length);
      for (const id of ids) expect(kindOf.get(id)).toBe(bad.includes(id) ? 'failed' : 'written');
      expect(calls()).toBeLessThanOrEqual(1 + bad.length * 2 * Math.ceil(Math.log2(ids.length)));
    }),
    { numRuns: 25 },
  );
});

test.each([
  [
    'a missing property',
    'Property values were not valid: [{"error":"PROPERTY_DOESNT_EXIST","name":"leadgrade_status"}]',
    'PROPERTY_DOESNT_EXIST',
  ],
  [
    'a missing option',
    'Property values were not valid: [{"error":"INVALID_OPTION","name":"leadgrade_status"}]',
    'INVALID_OPTION',
  ],
])('%s ends the write with one configuration error and its fix', async (_, message, code) => {
  const { calls } = respond(() => [400, { category: 'VALIDATION_ERROR', message }]);
  const { connector, signal } = connect();
  const error = await connector.writeScores(patches(['1', '2']), signal).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ kind: 'configuration', code, fix: expect.stringContaining('leadgrade setup') });
  expect(calls()).toBe(1);
});

test("a rule of the portal for a property of its own keeps one contact from being written, in HubSpot's words, and no other", async () => {
  const rule = { isValid: false, message: 'x was not one of the allowed options', error: 'INVALID_OPTION' };
  const message = `Property values were not valid: ${JSON.stringify([{ ...rule, name: 'customer_segment' }])}`;
  respond((ids) => {
    if (ids.includes('3')) return [400, { status: 'error', category: 'VALIDATION_ERROR', message }];
    return [200, { results: ids.map(written) }];
  });
  const { connector, signal } = connect();
  const results = await connector.writeScores(patches(['1', '2', '3', '4']), signal);
  expect(results.filter(({ kind }) => kind === 'written').map(({ ref }) => ref.id)).toEqual(['1', '2', '4']);
  const failed = results.find((result) => result.kind === 'failed')!;
  expect(failed.ref.id).toBe('3');
  expect(failed.error).toMatchObject({ kind: 'invalid', code: 'INVALID_OPTION' });
  expect(failed.error.messageForErrorList).toContain('was not one of the allowed options');
  expect(failed.error.fix).toContain('the property "customer_segment"');
});

test.each([500, 504])(
  'a contact for which HubSpot fails with status %i is refused, and the others are written',
  async (status) => {
    respond((ids) => (ids.includes('3') ? [status, { message: 'x' }] : [200, { results: ids.map(written) }]));
    const { connector, signal } = connect({ retries: 0 });
    const results = await connector.writeScores(patches(['1', '2', '3', '4', '5']), signal);
    const kinds = results.map((result) => `${result.ref.id} ${result.kind}`);
    expect(kinds.toSorted()).toEqual(['1 written', '2 written', '3 failed', '4 written', '5 written']);
    const failed = results.find((result) => result.kind === 'failed')!;
    expect(failed.error).toMatchObject({ kind: 'invalid', code: `HTTP_${status}` });
  },
);

test('a rule that refuses every contact costs no call for each of them', async () => {
  const ids = Array.from({ length: 100 }, (_, at) => String(at + 1));
  const { calls } = respond(() => [400, { category: 'VALIDATION_ERROR', message: 'a rule of the portal' }]);
  const { connector, signal } = connect();
  const results = await connector.writeScores(patches(ids), signal);
  expect(results.map(({ kind }) => kind)).toEqual(ids.map(() => 'failed'));
  expect(calls()).toBeLessThan(30);
});

test('a batch that is refused because one contact is gone is written without it', async () => {
  respond((ids) => {
    if (ids.includes('2')) return [404, { category: 'OBJECT_NOT_FOUND', message: 'contact does not exist' }];
    return [200, { results: ids.map(written) }];
  });
  const { connector, signal } = connect();
  const results = await connector.writeScores(patches(['1', '2', '3']), signal);
  expect(results.map(({ ref, kind }) => `${ref.id} ${kind}`).toSorted()).toEqual(['1 written', '2 gone', '3 written']);
});

test('a 404 that names no contact ends the write, and no contact counts as gone', async () => {
  const { calls } = respond(() => [404, { status: 'error', message: 'No such path.' }]);
  const { connector, signal } = connect();
  await expect(connector.writeScores(patches(['1', '2']), signal)).rejects.toMatchObject({ kind: 'not-found' });
  expect(calls()).toBe(1);
});

test('a contact that is returned under another ID was merged into it', async () => {
  respond((ids) => [200, { results: ids.map((id) => written(id === '2' ? '9' : id)) }]);
  const { connector, signal } = connect();
  const results = await connector.writeScores(patches(['1', '2']), signal);
  expect(results).toContainEqual({ kind: 'merged', ref: contactRef('2'), into: contactRef('9') });
});

test('a write whose connection broke is retried', async () => {
  hubspot().post(UPDATE).replyWithError(new Error('socket hang up'));
  respond((ids) => [200, { results: ids.map(written) }]);
  const { connector, signal } = connect();
  expect(await connector.writeScores(patches(['1']), signal)).toMatchObject([{ kind: 'written' }]);
});

test('a write with a token without the scope is forbidden', async () => {
  respond(() => [403, { category: 'MISSING_SCOPES', message: 'x' }]);
  const { connector, signal } = connect();
  await expect(connector.writeScores(patches(['1']), signal)).rejects.toMatchObject({ kind: 'forbidden' });
});
