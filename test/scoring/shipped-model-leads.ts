// Example leads for the shipped models, each with a sentence and the part of the result that the
// sentence is about. The complete results are in test/golden.
import { expect } from 'vitest';
import type { Activity, Fields, Lead } from '../../src/domain/lead.ts';
import type { ScoringContext } from '../../src/domain/score-result.ts';
import { addShippedTitleFields } from '../support/shipped-titles.ts';
import { did, leadOf } from './build.ts';

export interface ExampleLead {
  readonly sentence: string;
  readonly lead: Lead;
  readonly context?: ScoringContext;
  readonly expected: Readonly<Record<string, unknown>>;
}

export const PERFECT: Fields = {
  'contact.job_title': 'VP Sales',
  'company.employees': 200,
  'company.industry': 'Software',
  'company.country': 'US',
  'company.technologies': ['HubSpot', 'Slack'],
};
export const STUDENT: Fields = { ...PERFECT, 'contact.job_title': 'Student' };
/** All BANT fields except authority. */
export const QUALIFIED: Fields = {
  ...PERFECT,
  'contact.budget': 'approved',
  'contact.need': 'reporting',
  'contact.timing': 'this quarter',
};

export const demo = (days: number) => did('form_submission', days, { form: 'Demo request' });
const pricing = (...days: number[]) => days.map((each) => did('page_view', each, { path: '/pricing' }));
export const some = (count: number, type: string) => Array.from({ length: count }, () => did(type, 0));

/** Activities with the highest possible behavior score. */
const EVERYTHING: readonly Activity[] = [
  ...[demo(0), did('trial_started', 0), did('meeting', 0), did('webinar', 0)],
  ...pricing(0, 0, 0),
  ...some(3, 'email_click'),
];

export const example = (
  sentence: string,
  parts: { fields?: Fields; activities?: readonly Activity[]; context?: ScoringContext },
  expected: ExampleLead['expected'],
): ExampleLead => {
  const { context, ...rest } = parts;
  const fields = addShippedTitleFields(rest.fields ?? {});
  return { sentence, lead: leadOf({ ...rest, fields }), ...(context && { context }), expected };
};

/** By model file. */
export const LEADS: Readonly<Record<string, readonly ExampleLead[]>> = {
  'mappings/model.yaml': [
    example(
      'a perfect fit without activity is an A, and neither hot nor an MQL',
      { fields: PERFECT },
      { grade: 'A', fit: { score: 100 }, status: 'engaged' },
    ),
    example(
      'a student with a behavior of 100 or more is at best a D, and neither hot nor an MQL',
      { fields: STUDENT, activities: EVERYTHING },
      { grade: 'D', behavior: { score: 132 }, status: 'engaged' },
    ),
    example(
      'a VP who viewed pricing twice last week and asked for a demo is hot',
      { fields: PERFECT, activities: [...pricing(5, 6), demo(5)] },
      { grade: 'A', status: 'hot' },
    ),
    example(
      'a lead with a demo request and no known field has 40 points, and is not an MQL yet',
      { activities: [demo(0)] },
      { grade: 'Ungraded', total: 40, status: 'engaged' },
    ),
  ],

  'mappings/presets/scale-100.yaml': [
    example(
      'a VP at 85 points without known authority stays an MQL, and the explanation names the field that lifts the gate',
      { fields: QUALIFIED, activities: [demo(0), did('meeting', 0)] },
      {
        total: 85,
        status: 'mql',
        gates: [{ id: 'authority', max_band: 'mql', lift: ['contact.authority'] }],
        explanation: expect.stringMatching(/No decision maker known.*contact\.authority/),
      },
    ),
    example(
      'a VP with known authority is passed to sales',
      { fields: { ...QUALIFIED, 'contact.authority': true }, activities: [demo(0), did('meeting', 0)] },
      { total: 90, status: 'sales', gates: [] },
    ),
    example(
      'a VP without authority stays an MQL, too',
      { fields: { ...QUALIFIED, 'contact.authority': false }, activities: [demo(0), did('meeting', 0)] },
      { total: 85, status: 'mql', gates: [{ id: 'authority' }] },
    ),
    example(
      'a decision maker with a perfect fit and no activity is not passed to sales',
      { fields: { ...QUALIFIED, 'contact.authority': true } },
      { grade: 'A', total: 50, status: 'engaged' },
    ),
    example(
      'a student with authority and every activity is a D, and neither passed to sales nor an MQL',
      { fields: { ...QUALIFIED, ...STUDENT, 'contact.authority': true }, activities: EVERYTHING },
      { grade: 'D', total: 88, status: 'engaged' },
    ),
    example(
      'a decision maker with every activity and no other known field is an MQL to qualify',
      { fields: { 'contact.authority': true }, activities: EVERYTHING },
      { grade: 'Ungraded', total: 55, status: 'mql' },
    ),
    example(
      'a stated lack of budget gives no points and counts as known',
      { fields: { 'contact.job_title': 'Sales Manager', 'contact.budget': 'No budget', 'company.employees': 80 } },
      { grade: 'C', coverage: 0.54, total: 16, status: 'cold' },
    ),
  ],

  'mappings/presets/scale-200.yaml': [
    example(
      'a manager at 120 points is an SQL',
      {
        fields: { ...PERFECT, 'contact.job_title': 'Sales Manager' },
        activities: [
          ...some(1, 'webinar'),
          ...some(1, 'content_download'),
          ...some(1, 'email_click'),
          ...some(2, 'email_open'),
        ],
      },
      { grade: 'A', total: 120, status: 'sql' },
    ),
    example(
      'a manager at 119 points is an MQL',
      {
        fields: { ...PERFECT, 'contact.job_title': 'Sales Manager' },
        activities: [
          ...some(1, 'webinar'),
          ...some(1, 'content_download'),
          ...some(1, 'email_click'),
          ...some(1, 'email_open'),
        ],
      },
      { grade: 'A', total: 119, status: 'mql' },
    ),
    example(
      'a VP at 120 points with a behavior score of 20 is an MQL, too',
      { fields: PERFECT, activities: some(1, 'webinar') },
      { total: 120, behavior: { score: 20 }, status: 'mql' },
    ),
    example(
      'a manager of a large company at 80 points is an MQL',
      {
        fields: { 'contact.job_title': 'Sales Manager', 'company.employees': 5000, 'company.country': 'US' },
        activities: [...some(1, 'webinar'), ...some(1, 'email_click'), ...some(2, 'email_open')],
      },
      { grade: 'B', total: 80, status: 'mql' },
    ),
    example(
      'a manager of a large company at 79 points is engaged',
      {
        fields: { 'contact.job_title': 'Sales Manager', 'company.employees': 5000, 'company.country': 'US' },
        activities: [...some(1, 'webinar'), ...some(1, 'email_click'), ...some(1, 'email_open')],
      },
      { grade: 'B', total: 79, status: 'engaged' },
    ),
  ],

  'mappings/presets/fit-only.yaml': [
    example(
      'a VP of a perfect company is a target, whatever the activities',
      { fields: PERFECT, activities: EVERYTHING },
      { grade: 'A', total: 100, behavior: { score: 0 }, status: 'target', next_change_at: null },
    ),
    example(
      'a VP of an unknown company is Ungraded, and not to be called on a guess',
      { fields: { 'contact.job_title': 'VP Sales' } },
      { grade: 'Ungraded', total: 30, status: 'other' },
    ),
    example(
      'a student at a perfect company is a D, and not to be called',
      { fields: STUDENT },
      { grade: 'D', total: 70, status: 'other' },
    ),
    example(
      'a manager at a large bank in Spain is a C',
      {
        fields: {
          'contact.job_title': 'Marketing Manager',
          'company.employees': 20_000,
          'company.industry': 'Banking',
          'company.country': 'ES',
        },
      },
      { grade: 'C', total: 47, status: 'fair' },
    ),
    example(
      'a specialist of a small farm is an F',
      { fields: { 'contact.job_title': 'Specialist', 'company.employees': 4, 'company.industry': 'Farming' } },
      { grade: 'F', total: -15, status: 'other' },
    ),
  ],

  'mappings/presets/engagement-only.yaml': [
    example(
      'a lead with a demo request today and a pricing view yesterday is hot',
      { activities: [demo(0), ...pricing(1)] },
      { grade: 'Ungraded', status: 'hot' },
    ),
    example(
      'a lead at 54 points with reading activities only is warm',
      {
        activities: [
          ...some(1, 'webinar'),
          ...some(3, 'content_download'),
          ...some(4, 'email_click'),
          ...some(4, 'email_open'),
        ],
      },
      { behavior: { score: 54 }, status: 'warm' },
    ),
    example(
      'a demo request six weeks ago is worth 10 points: light engagement',
      { activities: [demo(42)] },
      { behavior: { score: 10 }, status: 'light' },
    ),
    example(
      'a hot lead that falls to 46 points stays hot',
      {
        activities: [demo(0), ...some(1, 'email_click'), ...some(2, 'email_open')],
        context: { previousStatus: 'hot' },
      },
      { behavior: { score: 46 }, status: 'hot' },
    ),
    example(
      'a lead that rises to 46 points is warm',
      {
        activities: [demo(0), ...some(1, 'email_click'), ...some(2, 'email_open')],
        context: { previousStatus: 'light' },
      },
      { behavior: { score: 46 }, status: 'warm' },
    ),
    example(
      'an unsubscribed lead that looked at our jobs is asleep, with a behavior score of 0',
      { fields: { 'contact.email_opt_out': true }, activities: [did('page_view', 0, { path: '/careers' })] },
      { behavior: { score: 0 }, status: 'asleep' },
    ),
  ],

  'mappings/presets/matrix.yaml': [
    example(
      'a VP with a demo request and a trial is in cell A1: call',
      { fields: PERFECT, activities: [demo(0), did('trial_started', 0)] },
      { cell: 'A1', status: 'hot' },
    ),
    example('a VP without activity is in cell A4: nurture', { fields: PERFECT }, { cell: 'A4', status: 'nurture' }),
    example(
      'a student with every activity is in cell D1: activity does not compensate for a poor fit',
      { fields: STUDENT, activities: EVERYTHING },
      { cell: 'D1', status: 'rest' },
    ),
    example(
      'a manager of a good company with a trial is in cell B2: qualify',
      {
        fields: { 'contact.job_title': 'Sales Manager', 'company.employees': 200, 'company.country': 'US' },
        activities: some(1, 'trial_started'),
      },
      { cell: 'B2', status: 'warm' },
    ),
    example(
      'a lead with every activity and no known field has no cell',
      { activities: EVERYTHING },
      { grade: 'Ungraded', cell: null, status: 'rest' },
    ),
  ],
};
