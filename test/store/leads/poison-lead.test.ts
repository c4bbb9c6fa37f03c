// A lead whose result the database refuses, or that the scoring cannot process, fails alone and is tried again by itself.
import { expect, test } from 'vitest';
import type { DueLead } from '../../../src/store/leads/due-leads.ts';
import { listErrors } from '../../../src/store/leads/record-errors.ts';
import { scoreDueLeads } from '../../../src/store/leads/score-due-leads.ts';
import type { ScoredLead } from '../../../src/store/leads/scored-lead.ts';
import { BACKEND } from '../../support/backends.ts';
import { allMatched, at, CRM, freshStore, NO_ACTIVITIES, saveRead, snapshot } from '../fresh-store.ts';
import { newResult } from '../new-result.ts';

const store = freshStore(BACKEND);
const TOO_LARGE = 10 ** 12;

function toScored(lead: DueLead, total: number): ScoredLead {
  return {
    leadId: lead.id,
    result: newResult(lead.cause, 'hot', total),
    unscored: false,
    nextChangeAt: null,
    records: [],
  };
}

test('of five leads, the one whose total the database refuses is listed, the others are scored, and it is due again after 1, 2, 4 minutes', async () => {
  const people = ['a', 'b', 'c', 'd', 'e'].map((id) => snapshot(id));
  await saveRead(store, people);
  await allMatched(store);
  await store.db
    .insertInto('models')
    .values({ hash: 'm', name: 'model', text: '', since: at(), last_used_at: at() })
    .execute();
  const isPoison = (lead: DueLead) => lead.records.some(({ id }) => id === 'c');
  const score = (seconds: number, total: number) => {
    const chunk = {
      limit: 100,
      now: at(seconds),
      inputsHash: 'inputs',
      modelHash: 'm',
      crms: [CRM],
      maxPerHour: 60,
      ...NO_ACTIVITIES,
    };
    return scoreDueLeads(store.db, chunk, (due) => due.map((lead) => toScored(lead, isPoison(lead) ? total : 2)));
  };
  expect(await score(0, TOO_LARGE)).toMatchObject({ claimed: 5, failed: 1 });
  const listed = await listErrors(store.db, { after: 0, limit: 10 });
  expect(listed).toMatchObject([{ record_id: 'c', stage: 'score', code: 'NOT_SCORED' }]);
  const due = async () => {
    const rows = await store.db.selectFrom('leads').select('due_at').where('due_at', 'is not', null).execute();
    return rows.map(({ due_at }) => due_at);
  };
  expect(await due()).toEqual([at(60)]);
  expect(await score(59, TOO_LARGE)).toMatchObject({ claimed: 0 });
  await score(60, TOO_LARGE);
  expect(await due()).toEqual([at(180)]);
  expect(await score(180, 3)).toMatchObject({ claimed: 1, failed: 0 });
  expect(await due()).toEqual([]);
  expect(await listErrors(store.db, { after: 0, limit: 10 })).toEqual([]);
  expect(await store.db.selectFrom('results').selectAll().execute()).toHaveLength(5);
});
