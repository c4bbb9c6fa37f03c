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

function answer(reply: (ids: string[], body: Body) => [number, object]): { calls: () => number } {
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

test('all values are strings, empty ones clear, and results are found by id whatever their order', async () => {
  let seen: Body | null = null;
  answer((ids, body) => {
    seen = body;
    return [200, { results: ids.toReversed().map(written) }];
  });
  const { connector, signal } = connect();
  const outcomes = await connector.writeScores(patches(['1', '2']), signal);
  expect(outcomes).toEqual(['1', '2'].map((id) => ({ kind: 'written', ref: contactRef(id), modifiedAt: MODIFIED })));
  expect(seen!.inputs[0]).toEqual({
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

test('a 207 tells the good rows from the bad ones', async () => {
  answer(() => [
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
  const outcomes = await connector.writeScores(patches(['1', '2', '3']), signal);
  expect(outcomes.map(({ ref, kind }) => [ref.id, kind])).toEqual([
    ['1', 'written'],
    ['2', 'gone'],
    ['3', 'failed'],
  ]);
  const failed = outcomes.find((outcome) => outcome.kind === 'failed')!;
  expect(failed.error).toMatchObject({ kind: 'invalid', code: 'VALIDATION_ERROR' });
  expect(failed.error.message).not.toContain('bob');
});

test('a row that the refusal names is left out, and the others go in one further call', async () => {
  const { calls } = answer((ids) => {
    if (!ids.includes('2')) return [200, { results: ids.map(written) }];
    return [400, { category: 'VALIDATION_ERROR', errors: [{ category: 'VALIDATION_ERROR', context: { ids: ['2'] } }] }];
  });
  const { connector, signal } = connect();
  const outcomes = await connector.writeScores(patches(['1', '2', '3', '4']), signal);
  expect(outcomes.filter(({ kind }) => kind === 'written').map(({ ref }) => ref.id)).toEqual(['1', '3', '4']);
  expect(calls()).toBe(2);
});

test('poison rows that nobody names are found in at most 2 x ceil(log2 n) further calls each', async () => {
  const batch = fc.integer({ min: 1, max: 100 }).chain((size) => {
    const ids = Array.from({ length: size }, (_, index) => String(index + 1));
    return fc.record({ ids: fc.constant(ids), poison: fc.subarray(ids, { maxLength: Math.min(size, 6) }) });
  });
  await fc.assert(
    fc.asyncProperty(batch, async ({ ids, poison }) => {
      nock.cleanAll();
      const { calls } = answer((asked) => {
        if (asked.some((id) => poison.includes(id))) return [400, { category: 'VALIDATION_ERROR', message: 'a rule' }];
        return [200, { results: asked.map(written) }];
      });
      const { connector, signal } = connect();
      const outcomes = await connector.writeScores(patches(ids), signal);
      const kindOf = new Map(outcomes.map(({ ref, kind }) => [ref.id, kind]));
      expect(outcomes).toHaveLength(ids.length);
      for (const id of ids) expect(kindOf.get(id)).toBe(poison.includes(id) ? 'failed' : 'written');
      expect(calls()).toBeLessThanOrEqual(1 + poison.length * 2 * Math.ceil(Math.log2(ids.length)));
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
])('%s stops the writer with one error that says the fix', async (_, message, code) => {
  const { calls } = answer(() => [400, { category: 'VALIDATION_ERROR', message }]);
  const { connector, signal } = connect();
  const error = await connector.writeScores(patches(['1', '2']), signal).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ kind: 'configuration', code, fix: expect.stringContaining('leadgrade setup') });
  expect(calls()).toBe(1);
});

test('a batch that is refused because a contact is gone goes through without it', async () => {
  answer((ids) => {
    if (ids.includes('2')) return [404, { category: 'OBJECT_NOT_FOUND', message: 'contact does not exist' }];
    return [200, { results: ids.map(written) }];
  });
  const { connector, signal } = connect();
  const outcomes = await connector.writeScores(patches(['1', '2', '3']), signal);
  expect(outcomes.map(({ ref, kind }) => `${ref.id} ${kind}`).toSorted()).toEqual(['1 written', '2 gone', '3 written']);
});

test("a 404 that names no contact is nobody's end: a wrong path, or a gateway that lost its way", async () => {
  const { calls } = answer(() => [404, { status: 'error', message: 'No such path.' }]);
  const { connector, signal } = connect();
  await expect(connector.writeScores(patches(['1', '2']), signal)).rejects.toMatchObject({ kind: 'not-found' });
  expect(calls()).toBe(1);
});

test('a contact that answers under another id was merged', async () => {
  answer((ids) => [200, { results: ids.map((id) => written(id === '2' ? '9' : id)) }]);
  const { connector, signal } = connect();
  const outcomes = await connector.writeScores(patches(['1', '2']), signal);
  expect(outcomes).toContainEqual({ kind: 'merged', ref: contactRef('2'), into: contactRef('9') });
});

test('a time-out after which HubSpot had the scores is simply repeated', async () => {
  hubspot().post(UPDATE).replyWithError(new Error('socket hang up'));
  answer((ids) => [200, { results: ids.map(written) }]);
  const { connector, signal } = connect();
  expect(await connector.writeScores(patches(['1']), signal)).toMatchObject([{ kind: 'written' }]);
});

test('a token that may not write stops the call', async () => {
  answer(() => [403, { category: 'MISSING_SCOPES', message: 'x' }]);
  const { connector, signal } = connect();
  await expect(connector.writeScores(patches(['1']), signal)).rejects.toMatchObject({ kind: 'forbidden' });
});
