// Every call of a connector fails for ever, for one item and for all: what is set aside, and what else works, is what the table of
// docs/operations.md says.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { share } from '../../support/fault-runs.ts';
import { allowed, FAILURES, type Failure, observe, PEOPLE_EACH, type PolicyCase, type Scene } from './policy-cases.ts';
import { chosenCell, policyTable, visible } from './policy-table.ts';

interface Observation {
  readonly each: PolicyCase;
  readonly failure: Failure;
  /** The requests about one item; absent: the call fails for all. */
  readonly one?: NonNullable<PolicyCase['one']>;
}

const ANSWERS = FAILURES.filter((failure) => failure !== 'hang');
/** Every second call, with one of the four failures, which differs from call to call. */
const ONE_OF_ANSWERS = 2 * ANSWERS.length;

/** A call for all and for one item are two. */
function targetsOf(cases: readonly PolicyCase[]): readonly Omit<Observation, 'failure'>[] {
  return cases.flatMap((each) => [{ each }, ...(each.one === undefined ? [] : [{ each, one: each.one }])]);
}

/** A call that hangs is waited for again and again: one of them in a run. */
function triedObservations(what: string, cases: readonly PolicyCase[]): readonly Observation[] {
  const targets = targetsOf(cases);
  const answers = targets.flatMap((target, nth) =>
    ANSWERS.map((_failure, at) => ({ ...target, failure: ANSWERS[(at + nth) % ANSWERS.length] ?? '500' })),
  );
  const hanging = targets.map((target) => ({ ...target, failure: 'hang' as const }));
  return [
    ...share(`${what}, calls that fail`, answers, ONE_OF_ANSWERS),
    ...share(`${what}, calls that hang`, hanging, hanging.length),
  ];
}

/** @param what names the calls in the output: a run tries a share of them */
export function describePolicyOf(
  what: string,
  crm: Scene['crm'],
  open: (people: number) => Promise<Scene>,
  cases: readonly PolicyCase[],
): void {
  describe(`a call of ${what}`, () => {
    const rows = policyTable().filter((row) => row.crm === crm);
    const tried = triedObservations(what, cases);
    let scene: Scene;
    beforeAll(async () => {
      scene = await open(PEOPLE_EACH * tried.length);
    });
    afterAll(() => scene.close());

    for (const { each, failure, one } of tried) {
      const row = rows.find(({ call }) => call === each.call);
      test(`"${each.call}" that fails for ${one === undefined ? 'all' : 'one item'} with ${failure}`, async () => {
        const { cell, scored } = await observe(scene, each, one ?? (() => each.all), failure);
        if (one === undefined) {
          const expected = chosenCell(row?.all[failure] ?? '', cell);
          expect({ cell, scored }).toEqual({ cell: visible(expected), scored: allowed(scene, expected, each) });
        } else {
          const everything = { record: true, form: true, meeting: true, deal: true };
          expect({ cell, scored }).toEqual({ cell: row?.one, scored: everything });
        }
      });
    }
  });
}
