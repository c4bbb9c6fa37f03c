// The stored state of a lead gives what the lead itself gives, at any later instant.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Lead, LeadState } from '../../src/domain/lead.ts';
import { type CompiledModel, compileModel } from '../../src/scoring/compile/compile.ts';
import { explain } from '../../src/scoring/explanation/explain.ts';
import { parseLead } from '../../src/scoring/lead-input/parse-lead.ts';
import { toLeadState } from '../../src/scoring/lead-state.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';
import { scoreLead } from '../../src/scoring/score-lead.ts';
import type { Json } from './naive-conditions.ts';
import { context, lead, model, NOW } from './random.ts';

const RUNS = Number(process.env.PROPERTY_RUNS ?? 300);
const DAY = 86_400_000;

function parsed(value: Json, isInTwoCrms: boolean): Lead {
  const result = parseLead(value);
  if ('error' in result) throw new Error(`${result.error.path}: ${result.error.message}`);
  const { fields, activities } = result.lead;
  if (!isInTwoCrms) return result.lead;
  const crmOf = (index: number) => (index % 2 === 0 ? 'HubSpot' : 'Salesforce');
  return {
    ...result.lead,
    origins: Object.fromEntries(Object.keys(fields).map((field, index) => [field, crmOf(index)])),
    activities: activities.map((each, index) => (index % 5 === 4 ? each : { ...each, origin: crmOf(index) })),
  };
}

function compiled(value: Json): CompiledModel {
  const read = readModel(JSON.stringify(value), 'random.json');
  if (!read.model) throw new Error(JSON.stringify(read.problems));
  return compileModel(read.model);
}

/** As it comes back from the database. */
function stored(state: LeadState): LeadState {
  return JSON.parse(JSON.stringify(state)) as LeadState;
}

const days = fc.double({ min: 0, max: 90, noNaN: true });

test('the stored state of a random lead gives the same result and text as the lead, at any later instant', () => {
  fc.assert(
    fc.property(model, lead, context, fc.boolean(), days, (m, l, c, isInTwoCrms, later) => {
      const [person, rules] = [parsed(l, isInTwoCrms), compiled(m)];
      const state = stored(toLeadState(person, rules, NOW));
      for (const now of [NOW, NOW + Math.round(later * DAY)]) {
        const text = (source: Lead | LeadState) => {
          const result = scoreLead(source, rules, now, c);
          return { result, text: explain(result, source, rules, now, { timezone: 'UTC' }) };
        };
        expect(text(state)).toEqual(text(person));
      }
    }),
    { numRuns: RUNS },
  );
});

const SPAN = 40;

test('the stored state of a lead with many activities keeps only those that can count again', () => {
  const rules = compiled({
    name: 'few',
    version: '1',
    behavior: {
      signals: [
        { id: 'open', activity: 'email_open', points: 3 },
        { id: 'view', activity: 'page_view', points: 2, max_count: 3 },
        { id: 'week', activity: 'page_view', tiers: [{ count: 2, points: 5 }], window: '7d' },
      ],
    },
    status: { bands: [{ id: 'all' }] },
  });
  const activities = Array.from({ length: SPAN }, (_, index) => {
    const at = NOW - (SPAN - index) * DAY;
    return { id: String(index), type: index % 2 === 0 ? 'email_open' : 'page_view', at, attributes: {} };
  });
  const { instants } = toLeadState({ id: '1', fields: {}, activities, unobserved: [] }, rules, NOW);
  expect(instants.map(({ length }) => length)).toEqual([1, 3, 3]);
});

test('a state whose lines a model does not have is refused', () => {
  const rules = compiled({
    name: 'fit',
    version: '1',
    fit: { criteria: [{ id: 'size', field: 'company.employees', cases: [{ when: { gte: 10 }, points: 5 }] }] },
    status: { bands: [{ id: 'all' }] },
  });
  expect(() => scoreLead({ id: '1', fit: [7], instants: [] }, rules, NOW)).toThrow(/belongs to another model/);
});
