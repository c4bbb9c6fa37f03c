// Every call of a connector fails for ever, for one item and for all: what is set aside, and what else works, is what the table of
// docs/operations.md says.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allowed, FAILURES, observe, type PolicyCase, type Scene } from './policy-cases.ts';
import { policyTable, visible } from './policy-table.ts';

/** A call that hangs is waited for again and again: all of these take 20 minutes, with POLICY=all. */
const HANGING = ['changed companies', 'writing scores'];

function isTried(call: string, failure: (typeof FAILURES)[number]): boolean {
  return failure !== 'hang' || process.env.POLICY === 'all' || HANGING.includes(call);
}

export function describePolicyOf(crm: string, open: () => Promise<Scene>, cases: readonly PolicyCase[]): void {
  describe(`a call of ${crm}`, () => {
    const rows = policyTable().filter((row) => row.crm === crm);
    let scene: Scene;
    beforeAll(async () => {
      scene = await open();
    });
    afterAll(() => scene.close());

    for (const each of cases) {
      const row = rows.find(({ call }) => call === each.call);
      const tried = FAILURES.filter((failure) => isTried(each.call, failure));
      test.each(tried)(`"${each.call}" that fails for all with %s`, async (failure) => {
        const { cell, scored } = await observe(scene, each, () => each.all, failure);
        const expected = row?.all[failure] ?? '';
        expect({ cell, scored }).toEqual({ cell: visible(expected), scored: allowed(scene, expected, each) });
      });
      const { one } = each;
      if (one === undefined) continue;
      test.each(tried)(`"${each.call}" that fails for one item with %s`, async (failure) => {
        const { cell, scored } = await observe(scene, each, one, failure);
        expect({ cell, scored }).toEqual({
          cell: row?.one,
          scored: { record: true, form: true, meeting: true, deal: true },
        });
      });
    }
  });
}
