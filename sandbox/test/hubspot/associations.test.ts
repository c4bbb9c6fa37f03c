// Reading the links of records.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SeedActivity } from '../../dataset/dataset.ts';
import { people, startTestSandbox, type TestSandbox } from './sandbox-under-test.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  const meetings = Array.from({ length: 230 }, (_, at): SeedActivity => {
    return { person: 'p0', type: 'meeting', at: Date.parse('2026-01-01T00:00:00Z') + at * 60_000, attributes: {} };
  });
  sandbox = await startTestSandbox({ dataset: people(3, meetings) });
});
afterAll(() => sandbox.close());

const read = (from: string, to: string, inputs: unknown) =>
  sandbox.call('POST', `/crm/associations/2026-03/${from}/${to}/batch/read`, { inputs });

test('a primary company has the labeled and the unlabeled association type, and its ID is text', async () => {
  const { status, body } = await read('contacts', 'companies', [{ id: sandbox.id(0) }]);
  expect(status).toBe(200);
  const [{ from, to }] = body.results;
  expect(from).toEqual({ id: sandbox.id(0) });
  expect(to).toEqual([
    {
      toObjectId: expect.any(String),
      associationTypes: [
        { category: 'HUBSPOT_DEFINED', typeId: 1, label: 'Primary' },
        { category: 'HUBSPOT_DEFINED', typeId: 279, label: null },
      ],
    },
  ]);
  const back = await read('companies', 'contacts', [{ id: to[0].toObjectId }]);
  expect(back.body.results[0].to[0].associationTypes.map(({ typeId }: { typeId: number }) => typeId)).toEqual([2, 280]);
});

test('a record without links is an error in a 207, not an empty list', async () => {
  const { status, body } = await read('contacts', 'companies', [{ id: sandbox.id(0) }, { id: sandbox.id(1) }]);
  expect(status).toBe(207);
  expect(body.results).toHaveLength(1);
  expect(body).toMatchObject({
    numErrors: 1,
    errors: [
      {
        category: 'OBJECT_NOT_FOUND',
        subCategory: 'crm.associations.NO_ASSOCIATIONS_FOUND',
        message: `No company is associated with contact ${sandbox.id(1)}.`,
        context: { fromObjectId: [sandbox.id(1)], fromObjectType: ['contact'], toObjectType: ['company'] },
      },
    ],
  });
});

test('more than 100 links of a record are returned in pages', async () => {
  const seen = new Set<string>();
  const sizes: number[] = [];
  for (let after: string | undefined; ; ) {
    const { body } = await read('contacts', 'meetings', [{ id: sandbox.id(0), ...(after ? { after } : {}) }]);
    const [result] = body.results;
    sizes.push(result.to.length);
    for (const { toObjectId } of result.to) seen.add(toObjectId);
    if (!result.paging) break;
    after = result.paging.next.after;
  }
  expect(sizes).toEqual([100, 100, 30]);
  expect(seen.size).toBe(230);
});

test('an association read accepts 1,000 inputs, and rejects 1,001 and a pair of objects without associations', async () => {
  const inputs = Array.from({ length: 1001 }, (_, at) => ({ id: String(at) }));
  expect((await read('contacts', 'companies', inputs)).status).toBe(400);
  expect((await read('contacts', 'companies', inputs.slice(0, 1000))).status).toBe(207);
  expect((await read('meetings', 'calls', [{ id: '1' }])).status).toBe(400);
});
