// Whether a due lead is loaded with its stored state, or with its fields and activities.
import { describe, expect, test } from 'vitest';
import type { LeadState } from '../../../../src/domain/lead.ts';
import type { DueLead } from '../../../../src/store/leads/due-leads.ts';
import { markDueByDecay } from '../../../../src/store/leads/mark-due.ts';
import { scoreDueLeads } from '../../../../src/store/leads/score-due-leads.ts';
import type { ScoredLead } from '../../../../src/store/leads/scored-lead.ts';
import { BACKEND } from '../../../support/backends.ts';
import { activity, allMatched, at, CRM, freshStore, ref, saveListed, saveRead, snapshot } from '../../fresh-store.ts';
import { newResult } from '../../new-result.ts';

const STATE: LeadState = { id: 'hubspot:a', fit: [], instants: [[1]] };

describe(`stored states (${BACKEND.name})`, () => {
  const store = freshStore(BACKEND);

  const base = { limit: 10, inputsHash: 'inputs', modelHash: 'm', crms: [CRM], types: ['page_view'], maxPerHour: 60 };
  type Answer = (lead: DueLead) => Partial<ScoredLead>;

  /** Scores the due leads. @returns them, as they were loaded */
  async function score(seconds: number, answer: Answer = () => ({}), stateVersion = 'v1', asOf = at(seconds)) {
    const loaded: DueLead[] = [];
    await scoreDueLeads(store.db, { ...base, now: at(seconds), stateVersion, asOf }, (leads) => {
      loaded.push(...leads);
      return leads.map((lead) => ({
        ...{ leadId: lead.id, result: null, unscored: false, nextChangeAt: at(seconds).getTime(), records: [] },
        ...answer(lead),
      }));
    });
    return loaded;
  }

  /** A lead with an activity and a result that the CRM holds. It is due at `seconds` because time passed. */
  async function decayedLead(seconds: number): Promise<void> {
    await saveRead(store, [snapshot('a', { crmValues: { status: 'mql' } })]);
    await saveListed(store, [activity('a', '1')]);
    await allMatched(store);
    await score(1, () => ({
      state: STATE,
      result: newResult('changed', 'mql'),
      records: [{ crm: CRM, ...ref('a'), kind: 'in_sync' }],
    }));
    await markDueByDecay(store.db, at(seconds));
  }

  test('a lead that is due because time passed is loaded as its state, and without what its state replaces', async () => {
    await decayedLead(10);
    const [lead] = await score(10);
    expect(lead?.state).toEqual(STATE);
    expect(lead?.activities).toEqual([]);
    expect(lead?.records).toMatchObject([{ id: 'a', fields: {}, crm_values: null, last_written_values: null }]);
  });

  test('a lead whose decision needs the values of the CRM is scored again with them', async () => {
    await decayedLead(10);
    const loaded = await score(10, ({ records }) => ({ needsCrmValues: records[0]?.crm_values === null }));
    expect(loaded.map(({ records }) => records[0]?.crm_values)).toEqual([null, { status: 'mql' }]);
    expect(loaded[1]?.state).toEqual(STATE);
  });

  test.each([
    ['an activity was saved', () => saveListed(store, [activity('a', '2')])],
    ['a field was changed', () => saveRead(store, [snapshot('a', { fields: { 'contact.job_title': 'CEO' } })])],
  ])(
    'a lead that is due because time passed, and of which %s before its scoring, is loaded anew',
    async (_, change) => {
      await decayedLead(10);
      await change();
      const [lead] = await score(11);
      expect(lead?.cause).not.toBe('decay');
      expect(lead?.state).toBeUndefined();
      expect(lead?.activities.length).toBeGreaterThan(0);
      expect(lead?.records[0]?.fields).not.toEqual({});
    },
  );

  test('a state of another version, of a later instant, or that is lost, is not used, and the lead is loaded anew', async () => {
    await decayedLead(10);
    expect((await score(10, undefined, 'v2'))[0]?.state).toBeUndefined();
    await markDueByDecay(store.db, at(20));
    expect((await score(20, undefined, 'v1', at(0)))[0]?.state).toBeUndefined();
    await markDueByDecay(store.db, at(30));
    expect((await score(30))[0]?.state).toEqual(STATE);
    await store.db.deleteFrom('lead_states').execute();
    await markDueByDecay(store.db, at(40));
    const [lead] = await score(40);
    expect(lead?.state).toBeUndefined();
    expect(lead?.activities).toHaveLength(1);
  });
});
