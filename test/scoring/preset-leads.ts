// Example leads for the presets of BANT, MEDDIC, five bands and product-led, as in
// shipped-model-leads.ts.
import { expect } from 'vitest';
import type { Fields } from '../../src/domain/lead.ts';
import { did } from './build.ts';
import { demo, type ExampleLead, example, PERFECT, QUALIFIED, STUDENT, some } from './shipped-model-leads.ts';

/** All of MEDDIC, at a large company. */
const MEDDIC: Fields = {
  'contact.metrics': '200 hours a year',
  'contact.authority': true,
  'contact.decision_criteria': 'security review',
  'contact.decision_process': 'board in January',
  'contact.pain': 'late forecasts',
  'contact.champion': true,
  'company.employees': 2000,
  'company.industry': 'Banking',
};
const without = (fields: Fields, ...names: readonly string[]): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));

const use = (days: number, event: string) => did('product_use', days, { event });
const uses = (count: number) => Array.from({ length: count }, () => use(1, 'Report viewed'));
const TRIAL = [did('trial_started', 2), use(1, 'Report created'), use(1, 'Colleague invited'), ...uses(20)];

/** By model file. */
export const PRESET_LEADS: Readonly<Record<string, readonly ExampleLead[]>> = {
  'mappings/presets/bant.yaml': [
    example(
      'a lead with 75 points and no known authority stays an MQL, and the explanation names the field',
      { fields: QUALIFIED, activities: [demo(0), did('email_reply', 0)] },
      {
        total: 75,
        status: 'mql',
        gates: [{ id: 'authority', max_band: 'mql', lift: ['contact.authority'] }],
        explanation: expect.stringMatching(
          /Held at MQL - to be qualified: No decision maker known. Would be lifted by contact.authority/,
        ),
      },
    ),
    example(
      'the same lead with known authority is passed to sales',
      { fields: { ...QUALIFIED, 'contact.authority': true }, activities: [demo(0), did('email_reply', 0)] },
      { total: 85, status: 'sales', gates: [] },
    ),
    example(
      'a lead that answers no question of BANT has no grade, and is not passed to sales',
      { fields: PERFECT, activities: [demo(0), did('meeting', 0), did('email_reply', 0)] },
      { grade: 'Ungraded', total: 60, status: 'mql', gates: [] },
    ),
    example(
      'a lead without a date and a budget is held by these two gates',
      {
        fields: { ...without(QUALIFIED, 'contact.timing', 'contact.budget'), 'contact.authority': true },
        activities: [demo(0), did('meeting', 0), did('email_reply', 0)],
      },
      { grade: 'B', total: 80, status: 'mql', gates: [{ id: 'budget' }, { id: 'timing' }] },
    ),
    example(
      'an answer "no budget" counts as an answer, takes points, and does not lift the gate',
      {
        fields: { ...QUALIFIED, 'contact.authority': true, 'contact.budget': 'No budget' },
        activities: [demo(0), did('meeting', 0)],
      },
      { coverage: 1, total: 80, status: 'mql', gates: [{ id: 'budget', lift: ['contact.budget'] }] },
    ),
    example(
      'a lead with all answers and no activity is not passed to sales',
      { fields: { ...QUALIFIED, 'contact.authority': true } },
      { grade: 'A', total: 50, status: 'engaged' },
    ),
  ],

  'mappings/presets/meddic.yaml': [
    example(
      'a lead with all of MEDDIC and two recent meetings is in commit',
      { fields: MEDDIC, activities: [demo(3), did('meeting', 1)] },
      { grade: 'A', status: 'commit', gates: [] },
    ),
    example(
      'the same lead without access to the economic buyer is held at SQL, and the explanation names the field',
      { fields: without(MEDDIC, 'contact.authority'), activities: [demo(3), did('meeting', 1)] },
      {
        status: 'sql',
        gates: [{ id: 'economic_buyer', max_band: 'sql', lift: ['contact.authority'] }],
        explanation: expect.stringMatching(/No access to the economic buyer. Would be lifted by contact.authority/),
      },
    ),
    example(
      'a lead without pain and champion is held in discovery by both gates',
      { fields: without(MEDDIC, 'contact.pain', 'contact.champion'), activities: [demo(3), did('meeting', 1)] },
      { status: 'discover', gates: [{ id: 'pain' }, { id: 'champion' }] },
    ),
    example(
      'a lead of which only the company is known has no grade, and is in discovery',
      {
        fields: { 'company.employees': 2000, 'company.industry': 'Banking' },
        activities: [demo(0), did('meeting', 0)],
      },
      { grade: 'Ungraded', coverage: 0.25, status: 'discover' },
    ),
    example(
      'a small company without MEDDIC is early',
      { fields: { 'company.employees': 50 } },
      { fit: { score: -10 }, status: 'early' },
    ),
  ],

  'mappings/presets/five-bands.yaml': [
    example(
      'a VP of a good company who asked for a demo and met with us is hot',
      { fields: PERFECT, activities: [demo(1), did('meeting', 0)] },
      { grade: 'A', status: 'hot' },
    ),
    example(
      'a VP of a good company who only looked at the prices is warm',
      { fields: PERFECT, activities: [did('page_view', 1, { path: '/pricing' }), ...some(1, 'webinar')] },
      { total: 66, status: 'warm' },
    ),
    example(
      'a perfect fit without activity is engaged, and nothing fades',
      { fields: PERFECT },
      { total: 50, status: 'engaged', next_change_at: null },
    ),
    example(
      'a student with 80 points is neither hot nor warm',
      { fields: STUDENT, activities: [demo(0), did('meeting', 0), did('email_reply', 0)] },
      { grade: 'D', total: 80, status: 'engaged' },
    ),
    example(
      'a hot lead that falls to 78 points stays hot',
      {
        fields: PERFECT,
        activities: [did('meeting', 0), ...some(1, 'webinar')],
        context: { previousStatus: 'hot' },
      },
      { total: 78, status: 'hot' },
    ),
    example(
      'a lead without any field who asked for a demo has light engagement',
      { activities: [demo(0)] },
      { grade: 'Ungraded', total: 25, status: 'light' },
    ),
  ],

  'mappings/presets/product-led.yaml': [
    example(
      'a team that uses the trial and invited colleagues, at a company worth a call, is product-qualified',
      { fields: PERFECT, activities: TRIAL },
      { grade: 'A', status: 'pql' },
    ),
    example(
      'the same use by a student buys by itself',
      { fields: STUDENT, activities: TRIAL },
      { grade: 'D', status: 'self_serve' },
    ),
    example(
      'a trial that was started and not used for two weeks is not active',
      {
        fields: { ...PERFECT, 'contact.created_at': '2026-01-01' },
        activities: [did('trial_started', 15), use(15, 'Report viewed')],
      },
      { behavior: { score: 0 }, status: 'inactive' },
    ),
    example(
      'heavy use without one of the strong signals is not product-qualified',
      {
        fields: PERFECT,
        activities: [did('trial_started', 0), ...uses(60), did('page_view', 0, { path: '/pricing' })],
      },
      { behavior: { score: 49 }, status: 'self_serve' },
    ),
    example(
      'a canceled subscription takes the points of the trial',
      { fields: PERFECT, activities: [...TRIAL, use(0, 'Subscription canceled')] },
      { status: 'activating' },
    ),
  ],
};
