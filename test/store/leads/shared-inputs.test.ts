// Two processes with different inputs: a lead never keeps a result of inputs that were replaced during its scoring.
import { expect, test } from 'vitest';
import { scoreDueLeads } from '../../../src/store/leads/score-due-leads.ts';
import { markDueByInputs } from '../../../src/store/models/scoring-config.ts';
import { BACKEND } from '../../support/backends.ts';
import { allMatched, at, CRM, freshStore, NO_ACTIVITIES, saveRead, snapshot } from '../fresh-store.ts';

const store = freshStore(BACKEND);

test('a chunk that was to be scored with replaced inputs scores no lead, and the leads stay due for the new ones', async () => {
  await saveRead(store, [snapshot('a')]);
  await allMatched(store);
  await markDueByInputs(store.db, 'old', at(), { modelHash: 'model' });
  const score = (inputsHash: string) => {
    const chunk = { limit: 10, now: at(1), inputsHash, modelHash: 'm', crms: [CRM], maxPerHour: 60, ...NO_ACTIVITIES };
    return scoreDueLeads(store.db, chunk, (leads) =>
      leads.map(({ id }) => ({ leadId: id, result: null, unscored: false, nextChangeAt: null, records: [] })),
    );
  };
  await markDueByInputs(store.db, 'new', at(), { modelHash: 'model' });
  expect(await score('old')).toMatchObject({ claimed: 0 });
  expect(await score('new')).toMatchObject({ claimed: 1 });
  const leads = await store.db.selectFrom('leads').select('scoring_inputs_hash').execute();
  expect(leads).toEqual([{ scoring_inputs_hash: 'new' }]);
});
