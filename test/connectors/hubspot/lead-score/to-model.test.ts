// A lead score of HubSpot as a model: what maps scores leads as HubSpot does, the rest is named. The
// sample is made by hand from the published structure of the Lead Scoring API (beta).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type LeadScore, scoreSchema } from '../../../../connectors/hubspot/lead-score/score-schema.ts';
import { toModel } from '../../../../connectors/hubspot/lead-score/to-model.ts';
import { readMapping } from '../../../../src/mapping/mapping.ts';
import { scoreLead } from '../../../../src/scoring/score-lead.ts';
import { did, leadOf, modelOf, NOW } from '../../../scoring/build.ts';

const read = (path: string) => readFileSync(join(import.meta.dirname, path), 'utf8');
const { mapping } = readMapping(read('../../../../mappings/hubspot.yaml'), 'hubspot.yaml');
const SAMPLE: unknown = JSON.parse(read('score.json'));

function imported(score: unknown) {
  if (mapping === null) throw new Error('The mapping is not valid.');
  return toModel(scoreSchema.parse(score), mapping);
}

/** The sample with one group of one rule. */
function withRule(calculation: unknown, { category = 'INTENT', ...rule }: Record<string, unknown> = {}) {
  const score: LeadScore = scoreSchema.parse(SAMPLE);
  const ruleConfigurations = [{ enabled: true, configuration: { calculation }, ...rule }];
  const group = { groupName: 'G', groupCategory: category, ruleConfigurations };
  return imported({ ...score, filterConfiguration: null, maxScorePerCategory: null, groupConfigs: [group] });
}

const event = (eventTypeId: string, rest: unknown = {}) => ({
  type: 'MULTI_UE',
  eventCalculators: [{ eventTypeId, recordCalculation: { type: 'CONSTANT', value: 5 }, ...Object(rest) }],
});

const pricing = (days: number) => did('page_view', days, { url: 'https://acme.example/pricing' });

test('a lead gets from the imported model the points that its rules give in HubSpot', () => {
  const model = modelOf(JSON.stringify(imported(SAMPLE).model));
  const fields = {
    'contact.job_title': 'VP Sales',
    'contact.country': 'DE',
    'company.industry': 'Software',
    'contact.email_opt_out': false,
  };
  const lead = leadOf({ fields, activities: [pricing(0), pricing(1), pricing(2), did('form_submission', 0)] });
  const result = scoreLead(lead, model, NOW);
  expect(result.contributions.map(({ signal, exact }) => [signal, exact])).toEqual([
    ['who_they_are_1_jobtitle', 20],
    ['who_they_are_2_industry', 15],
    // A plan that is not known counts, as the rule says.
    ['who_they_are_3', 10],
    ['web_1', 25],
    ['web_2', 5],
    ['opt_out_1_hs_email_optout', 0],
  ]);
  expect(result).toMatchObject({ total: 75, status: 'high' });
});

test('50 % every 30 days is half after 30 days, and nothing after 60', () => {
  const model = modelOf(JSON.stringify(imported(SAMPLE).model));
  const points = (days: number) =>
    scoreLead(leadOf({ activities: [did('form_submission', days)] }), model, NOW).behavior.exact;
  expect([points(0), points(30), points(60)]).toEqual([5, 2.5, 0]);
});

test('what does not map is named by group and rule, with the reason and what to write', () => {
  expect(imported(SAMPLE).notes.map(({ part, why }) => `${part}: ${why}`)).toEqual([
    'the score: it excludes the segments 12.',
    'the score: its limit of 50 points of fit has no counterpart.',
    'group "Who they are", rule 2: it scores all companies of the contact; Leadgrade reads the primary one.',
    'group "Who they are", rule 3: mappings/hubspot.yaml does not read contacts.plan_tier yet.',
    'group "Who they are", rule 4: the comparison ROLLING_DATE_RANGE IS_LESS_THAN_X_DAYS_AGO of contact.created_at has no counterpart.',
    'group "Who they are", rule 5: it scores segments by number (HAS_AT_LEAST_ONE_SEGMENT_MEMBERSHIP 44).',
    'group "Who they are", rule 6: it is switched off.',
    'group "Who they are": its limit of 40 points has no counterpart in fit.',
    'group "Web", rule 3: the event 4-1553675 has no activity.',
  ]);
  expect(imported(SAMPLE).notes.every(({ write }) => write.length > 0)).toBe(true);
});

test('a rule of 2026-09-beta has its limit in maximumValue', () => {
  const { model } = withRule(event('4-1639801'), { maximumValue: 15 });
  expect(model).toMatchObject({ behavior: { signals: [{ activity: 'form_submission', points: 5, max_count: 3 }] } });
});

test('an event without a limit is counted 20 times at most, and the note says so', () => {
  const { model, notes } = withRule(event('4-666440'));
  expect(model).toMatchObject({
    behavior: { signals: [{ activity: 'email_open', max_count: 20, half_life: 'none' }] },
  });
  expect(notes).toContainEqual(
    expect.objectContaining({ part: 'group "G", rule 1', why: 'it counts every event without a limit.' }),
  );
});

test('a range that ends is followed by a tier of 0 points', () => {
  const ranges = [{ from: 2, to: 4, type: 'BETWEEN', value: 7 }];
  const { model } = withRule(event('4-96000', { eventFrequencyCriteria: { type: 'BETWEEN', ranges } }));
  expect(model).toMatchObject({
    behavior: {
      signals: [
        {
          tiers: [
            { count: 2, points: 7 },
            { count: 5, points: 0 },
          ],
        },
      ],
    },
  });
});

test('a rule of which one condition does not map is left out, so that it gives no lead its points', () => {
  const unset = { includeObjectsWithNoValueSet: false };
  const conditions = [
    {
      type: 'SINGLE',
      property: 'country',
      operation: { operationType: 'MULTISTRING', operator: 'IS_EQUAL_TO', values: ['Germany'], ...unset },
    },
    {
      type: 'SINGLE',
      property: 'createdate',
      operation: { operationType: 'TIME_POINT', operator: 'IS_AFTER', ...unset },
    },
  ];
  const whereCondition = { type: 'COMPOSITE', operator: 'AND', conditions };
  const { model, notes } = withRule({ type: 'CONDITIONAL', value: 10, whereCondition }, { category: 'FIT' });
  expect(model).not.toHaveProperty('fit');
  expect(notes.map(({ why }) => why)).toContain(
    'the comparison TIME_POINT IS_AFTER of contact.created_at has no counterpart.',
  );
});

test('a score without thresholds gets proposals, and the note says so', () => {
  const { model, notes } = imported({ ...scoreSchema.parse(SAMPLE), outputConfiguration: null });
  expect(model).toMatchObject({
    status: {
      bands: [
        { id: 'hot', at_least: 80 },
        { id: 'warm', at_least: 60 },
        { id: 'engaged', at_least: 40 },
        { id: 'cold' },
      ],
    },
  });
  expect(notes.map(({ part }) => part)).toContain('thresholds');
});

test('a calculation that is not known is named', () => {
  const { notes } = withRule({ type: 'PREDICTIVE' });
  expect(notes[0]?.why).toBe('PREDICTIVE is unknown.');
});

test('a time frame that looks further back is named, and not read as the last days', () => {
  const eventFilterOperation = {
    operationType: 'ROLLING_DATE_RANGE',
    operator: 'IS_MORE_THAN_X_DAYS_AGO',
    numberOfDays: 30,
  };
  const { model, notes } = withRule(event('4-96000', { eventTimeframe: { eventFilterOperation } }));
  expect(JSON.stringify(model)).not.toContain('window');
  expect(notes.map(({ why }) => why)).toContain(
    'its time frame (ROLLING_DATE_RANGE IS_MORE_THAN_X_DAYS_AGO) has no counterpart.',
  );
});

test('a frequency of exactly three gives no points for a fourth event', () => {
  const ranges = [{ from: 3, type: 'EXACTLY', value: 7 }];
  const { model } = withRule(event('4-96000', { eventFrequencyCriteria: { type: 'EXACTLY', ranges } }));
  const points = (count: number) => {
    const activities = Array.from({ length: count }, (_, day) => did('page_view', day / 10));
    return scoreLead(leadOf({ activities }), modelOf(JSON.stringify(model)), NOW).behavior.score;
  };
  expect([points(2), points(3), points(4)]).toEqual([0, 7, 0]);
});

test('of several cases of a property in a group of engagement, the first that fits counts alone', () => {
  const has = (value: string) => ({ operationType: 'MULTISTRING', operator: 'CONTAINS', values: [value] });
  const matchRules = [
    { operation: has('VP'), value: 20 },
    { operation: has('Sales'), value: 10 },
  ];
  const { model } = withRule({ type: 'MATCH', property: 'jobtitle', matchRules, defaultValue: 5 });
  const points = (title: string) =>
    scoreLead(leadOf({ fields: { 'contact.job_title': title } }), modelOf(JSON.stringify(model)), NOW).behavior.score;
  expect([points('VP Sales'), points('Head of Sales'), points('Buyer')]).toEqual([20, 10, 5]);
});

test('two groups whose names give one id have limits of their own', () => {
  const score: LeadScore = scoreSchema.parse(SAMPLE);
  const rule = (eventTypeId: string) => ({ enabled: true, configuration: { calculation: event(eventTypeId) } });
  const group = (groupName: string) => ({
    ...{ groupName, groupCategory: 'INTENT', maxValue: 30 },
    ruleConfigurations: [rule('4-96000'), rule('4-1639801')],
  });
  const { model } = imported({ ...score, groupConfigs: [group('営業'), group('製品')] });
  expect(() => modelOf(JSON.stringify(model))).not.toThrow();
});

test('the line for a property that the mapping lacks says that it is a number', () => {
  const operation = { operationType: 'NUMBER', operator: 'IS_GREATER_THAN', value: 5 };
  const { notes } = withRule(
    { type: 'MATCH', property: 'seats', matchRules: [{ operation, value: 10 }] },
    { category: 'FIT' },
  );
  expect(notes[0]?.write).toBe(
    'Under fields of mappings/hubspot.yaml: contact.seats: { from: contacts.seats, as: number }',
  );
});

test('a part of a country name is named, as the field holds codes', () => {
  const operation = { operationType: 'MULTISTRING', operator: 'CONTAINS', values: ['Germ'] };
  const { notes } = withRule(
    { type: 'MATCH', property: 'country', matchRules: [{ operation, value: 10 }] },
    { category: 'FIT' },
  );
  expect(notes.map(({ why }) => why)).toContain(
    'the comparison MULTISTRING CONTAINS of contact.country has no counterpart.',
  );
});
