// Every call of a connector fails for ever, for one item and for all: what is set aside, and what else works, is what the table of
// docs/operations.md says.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { IS_FULL } from '../../support/fault-runs.ts';
import { allowed, FAILURES, observe, PEOPLE_EACH, type PolicyCase, type Scene } from './policy-cases.ts';
import { chosenCell, policyTable, visible } from './policy-table.ts';

/** A call that hangs is waited for again and again: these are tried always, the others in `npm run test:faults`. */
const HANGING = ['changed companies', 'writing scores'];
/** Half of the failures for each row, the other half for the next one and for one item: all in `npm run test:faults`. */
const HALVES: readonly (readonly (typeof FAILURES)[number][])[] = [
  ['400', 'shape'],
  ['404', '500'],
];

function triedFailures(call: string, turn: number): readonly (typeof FAILURES)[number][] {
  if (IS_FULL) return FAILURES;
  return FAILURES.filter((failure) =>
    failure === 'hang' ? HANGING.includes(call) : HALVES[turn % HALVES.length]?.includes(failure),
  );
}

export function describePolicyOf(
  crm: string,
  open: (people: number) => Promise<Scene>,
  cases: readonly PolicyCase[],
): void {
  describe(`a call of ${crm}`, () => {
    const rows = policyTable().filter((row) => row.crm === crm);
    const observations = cases
      .flatMap(({ call, one }, turn) => [
        triedFailures(call, turn),
        ...(one === undefined ? [] : [triedFailures(call, turn + 1)]),
      ])
      .flat().length;
    let scene: Scene;
    beforeAll(async () => {
      scene = await open(PEOPLE_EACH * observations);
    });
    afterAll(() => scene.close());

    for (const [turn, each] of cases.entries()) {
      const row = rows.find(({ call }) => call === each.call);
      test.each(triedFailures(each.call, turn))(`"${each.call}" that fails for all with %s`, async (failure) => {
        const { cell, scored } = await observe(scene, each, () => each.all, failure);
        const expected = chosenCell(row?.all[failure] ?? '', cell);
        expect({ cell, scored }).toEqual({ cell: visible(expected), scored: allowed(scene, expected, each) });
      });
      const { one } = each;
      if (one === undefined) continue;
      test.each(triedFailures(each.call, turn + 1))(
        `"${each.call}" that fails for one item with %s`,
        async (failure) => {
          const { cell, scored } = await observe(scene, each, one, failure);
          expect({ cell, scored }).toEqual({
            cell: row?.one,
            scored: { record: true, form: true, meeting: true, deal: true },
          });
        },
      );
    }
  });
}
