// The demo's own three days, in both CRMs, with two live models and a shadow.
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { playThreeDays, withDemo } from '../../../cli/demo/demo.ts';
import { isExplanationConsistent, isScored } from '../../../cli/demo/display-record.ts';
import { compareShadows, readFigures } from '../../../cli/demo/models.ts';
import { replayAll } from '../replay/replay-all.ts';

const io = {
  stdin: new PassThrough(),
  stdout: new PassThrough().resume(),
  stderr: new PassThrough().resume(),
  env: {},
  clock: { now: () => new Date() },
  setExitCode: () => undefined,
};

test('every result of the three days of the demo is replayed with the same scores, status, grade and lines, and the fields of each live model add up', async () => {
  await withDemo(io, { contacts: 250, seed: 1 }, async (environment) => {
    await playThreeDays(io, environment, 1);
    const { results, refused } = await replayAll(environment.product.context);
    expect(refused).toEqual([]);
    for (const key of [null, 'expansion', 'next']) {
      expect(results.filter(({ model }) => model === key).length).toBeGreaterThan(5);
    }
    const different = results.filter(({ stored, replayed }) => JSON.stringify(stored) !== JSON.stringify(replayed));
    expect(different).toEqual([]);

    const figures = await readFigures(environment);
    expect(figures.map(({ model }) => model.role)).toEqual(['live', 'live', 'shadow']);
    const [newBusiness, expansion, next] = figures.map(({ contacts, both, leads }) => {
      const scored = contacts.filter(isScored);
      expect(scored.filter((contact) => !isExplanationConsistent(contact))).toEqual([]);
      const differ = both.filter(({ hubspot, salesforce }) => hubspot.explanation !== salesforce.explanation);
      expect(differ).toEqual([]);
      return { leads, contacts: new Set(scored.map(({ id }) => id)) };
    });
    expect(expansion?.contacts.size).toBeGreaterThan(3);
    expect([...(newBusiness?.contacts ?? [])].filter((id) => expansion?.contacts.has(id))).toEqual([]);
    expect((newBusiness?.contacts.size ?? 0) + (expansion?.contacts.size ?? 0)).toBe(250);
    expect(next).toEqual({ leads: newBusiness?.leads, contacts: new Set() });
    const [shadow] = await compareShadows(environment);
    expect(shadow?.comparison).toMatchObject({ leads: newBusiness?.leads, only: [0, 0] });
    expect(shadow?.comparison.moved).toBeGreaterThan(0);
  });
});
