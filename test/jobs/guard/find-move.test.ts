// Which changes of a status the guard counts, and when their number stops all writes.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findMove } from '../../../jobs/guard/find-move.ts';
import { decidingLeads, isSurelyWithin, judgeMovement } from '../../../src/domain/limits/guard.ts';
import type { LineTexts, StoredLine } from '../../../src/domain/stored-lines.ts';
import { compileModel } from '../../../src/scoring/compile/compile.ts';
import { lineTexts } from '../../../src/scoring/line-texts.ts';
import { readModel } from '../../../src/scoring/schemas/model.ts';
import type { DueLead } from '../../../src/store/leads/due-leads.ts';

const { model } = readModel(
  `name: guard
version: "1"
fit:
  criteria:
    - { id: title, label: Job title, field: contact.job_title, cases: [{ when: { has_word: [vp] }, points: 60 }] }
behavior:
  signals:
    - { id: form, label: Form, activity: form_submission, points: 50 }
    - { id: visit, label: Visit, activity: page_view, points: 5 }
status:
  basis: total
  behavior_levels: { 1: 60, 2: 40, 3: 20, 4: 0 }
  bands:
    - { id: hot, label: Hot, at_least: 50 }
    - { id: cold, label: Cold }
`,
  'model.yaml',
);
if (model === null) throw new Error('The model of this test is not valid.');
const compiled = compileModel(model);
const view: { status: typeof compiled.status; texts: LineTexts } = {
  status: compiled.status,
  texts: lineTexts(compiled),
};

function due(cause: string, status: string, contributions: readonly StoredLine[]): DueLead {
  const previous = {
    ...{ id: 1, model_hash: 'm', grade: 'A' as const, fit_score: 60, behavior_score: 0, status },
    contributions,
    thresholds: null,
  };
  return { id: 1, cause, priority: 2, wasInScope: true, records: [], activities: [], previous, isCurrent: true };
}

const TITLE: StoredLine = ['title', 60, 60];

describe('a lead that leaves its band', () => {
  test('because its data changed counts, with the criterion that lost the most points', () => {
    const move = findMove(
      due('changed', 'hot', [TITLE, ['form', 3, 3]]),
      { status: 'cold', lines: [['form', 1, 1]] },
      view,
    );
    expect(move).toEqual({ from: 'hot', signal: 'title' });
  });

  test.each(['model', 'threshold', 'first-threshold', 'first-threshold:a,b', 'data-found', 'merged', 'gone'])(
    'for the reason %s does not count',
    (cause) => {
      expect(findMove(due(cause, 'hot', [TITLE]), { status: 'cold', lines: [] }, view)).toBeUndefined();
    },
  );

  test('after an activity counts only if the fit explains the move', () => {
    const rises = findMove(due('activity', 'cold', []), { status: 'hot', lines: [['form', 50, 50]] }, view);
    const falls = findMove(due('activity', 'hot', [TITLE]), { status: 'cold', lines: [['visit', 5, 5]] }, view);
    expect([rises, falls]).toEqual([undefined, { from: 'hot', signal: 'title' }]);
  });

  test('and is out of scope now counts; a lead without a record does not', () => {
    const record = { crm: 'hubspot', object: 'contacts', id: '1' };
    const lead = due('changed', 'hot', [TITLE]);
    const records = [{ ...record, fields: {}, crm_values: {}, last_written_values: null, synced_result_id: null }];
    expect(findMove({ ...lead, records }, null, view)).toEqual({ from: 'hot', signal: null });
    expect(findMove(lead, null, view)).toBeUndefined();
  });

  const behavior = fc.array(
    fc.tuple(fc.constantFrom('form', 'visit', 'limit:behavior'), fc.integer({ min: -100, max: 100 })),
    { maxLength: 4 },
  );
  const toLines = (pairs: readonly (readonly [string, number])[]): readonly StoredLine[] =>
    pairs.map(([signal, points]) => [signal, points, points]);

  test('because time passed never counts, whatever its behavior lines become: its fit is the same', () => {
    fc.assert(
      fc.property(behavior, behavior, fc.constantFrom('hot', 'cold'), (before, after, status) => {
        const lead = due('decay', status, [TITLE, ...toLines(before)]);
        const now = { status: status === 'hot' ? 'cold' : 'hot', lines: [TITLE, ...toLines(after)] };
        expect(findMove(lead, now, view)).toBeUndefined();
      }),
    );
  });
});

describe('the share of moved leads', () => {
  const judge = (moved: number, leads: number, pending = 0) => judgeMovement({ moved, leads, pending }, 0.2);

  test('stops above a fifth of at least 100 leads, and with at least 20 moved ones', () => {
    expect([judge(21, 100), judge(20, 100), judge(50, 99), judge(19, 100), judge(180, 900)]).toEqual([
      'over',
      'within',
      'within',
      'within',
      'within',
    ]);
  });

  test('still stops when leads were deleted, down to 20 moved ones, once it has stopped', () => {
    const held = (moved: number, leads: number) => judgeMovement({ moved, leads, pending: 0 }, 0.2, true);
    expect([held(40, 60), held(19, 60), held(12, 60)]).toEqual(['over', 'within', 'within']);
  });

  test('is the same if no more leads are counted than decide it', () => {
    const count = fc.nat(5_000);
    fc.assert(
      fc.property(count, count, count, fc.constantFrom(0.01, 0.2, 0.5, 1), (moved, pending, leads, share) => {
        const counted = Math.min(leads, decidingLeads({ moved, pending }, share));
        expect(judgeMovement({ moved, pending, leads: counted }, share)).toBe(
          judgeMovement({ moved, pending, leads }, share),
        );
      }),
    );
  });

  test('is undecided while leads that may move are not scored yet', () => {
    expect([judge(0, 100, 21), judge(10, 100, 11), judge(10, 100, 10)]).toEqual(['undecided', 'undecided', 'within']);
  });

  test('is within a share of 0, which switches the guard off, and whenever the quick check says so', () => {
    const count = fc.nat(10_000);
    fc.assert(
      fc.property(count, count, count, fc.constantFrom(0, 0.01, 0.2, 1), (moved, pending, leads, share) => {
        const verdict = judgeMovement({ moved, pending, leads }, share);
        if (share === 0 || isSurelyWithin({ moved, pending }, share)) expect(verdict).toBe('within');
      }),
    );
  });
});
