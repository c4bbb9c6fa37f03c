// Leads that show what the shipped models mean, each with the sentence that says so and the part of the result that the sentence is
// about. The whole results are in test/golden.
import { expect } from 'vitest';
import type { Activity, Fields, Lead } from '../../src/domain/lead.ts';
import type { ScoringContext } from '../../src/domain/score-result.ts';
import { did, leadOf } from './build.ts';

interface ShownLead {
  readonly sentence: string;
  readonly lead: Lead;
  readonly context?: ScoringContext;
  readonly expected: Readonly<Record<string, unknown>>;
}

const PERFECT: Fields = {
  'contact.job_title': 'VP Sales',
  'company.employees': 200,
  'company.industry': 'Software',
  'company.country': 'US',
  'company.technologies': ['HubSpot', 'Slack'],
};
const STUDENT: Fields = { ...PERFECT, 'contact.job_title': 'Student' };
/** Everything that BANT asks, but who decides. */
const QUALIFIED: Fields = {
  ...PERFECT,
  'contact.budget': 'approved',
  'contact.need': 'reporting',
  'contact.timing': 'this quarter',
};

const demo = (days: number) => did('form_submission', days, { form: 'Demo request' });
const pricing = (...days: number[]) => days.map((each) => did('page_view', each, { path: '/pricing' }));
const some = (count: number, type: string) => Array.from({ length: count }, () => did(type, 0));

/** Whoever did all this has the most that behavior can give. */
const EVERYTHING: readonly Activity[] = [
  ...[demo(0), did('trial_started', 0), did('meeting', 0), did('webinar', 0)],
  ...pricing(0, 0, 0),
  ...some(3, 'email_click'),
];

const shown = (
  sentence: string,
  parts: { fields?: Fields; activities?: readonly Activity[]; context?: ScoringContext },
  expected: ShownLead['expected'],
): ShownLead => {
  const { context, ...rest } = parts;
  return { sentence, lead: leadOf(rest), ...(context && { context }), expected };
};

/** By model file. */
export const LEADS: Readonly<Record<string, readonly ShownLead[]>> = {
  'mappings/model.yaml': [
    shown(
      'a perfect fit without activity is an A, and neither hot nor an MQL',
      { fields: PERFECT },
      { grade: 'A', fit: { score: 100 }, status: 'engaged' },
    ),
    shown(
      'a student with a behavior of 100 or more is at best a D, and neither hot nor an MQL',
      { fields: STUDENT, activities: EVERYTHING },
      { grade: 'D', behavior: { score: 132 }, status: 'engaged' },
    ),
    shown(
      'a VP who viewed pricing twice last week and asked for a demo is hot',
      { fields: PERFECT, activities: [...pricing(5, 6), demo(5)] },
      { grade: 'A', status: 'hot' },
    ),
    shown(
      'a demo request of somebody of whom nothing is known is worth 40, and is no MQL yet',
      { activities: [demo(0)] },
      { grade: 'Ungraded', total: 40, status: 'engaged' },
    ),
  ],

  'mappings/presets/scale-100.yaml': [
    shown(
      'a VP at 85 points without known authority is handed to nobody, and the reason says what would lift it',
      { fields: QUALIFIED, activities: [demo(0), did('meeting', 0)] },
      {
        total: 85,
        status: 'mql',
        gates: [{ id: 'authority', max_band: 'mql', lift: ['contact.authority'] }],
        explanation: expect.stringMatching(/No decision maker known.*contact\.authority/),
      },
    ),
    shown(
      'the same VP is handed to sales when they are known to decide',
      { fields: { ...QUALIFIED, 'contact.authority': true }, activities: [demo(0), did('meeting', 0)] },
      { total: 90, status: 'sales', gates: [] },
    ),
    shown(
      'one who said that they do not decide is handed to nobody either',
      { fields: { ...QUALIFIED, 'contact.authority': false }, activities: [demo(0), did('meeting', 0)] },
      { total: 85, status: 'mql', gates: [{ id: 'authority' }] },
    ),
    shown(
      'a decision maker with a perfect fit who has done nothing is not handed over',
      { fields: { ...QUALIFIED, 'contact.authority': true } },
      { grade: 'A', total: 50, status: 'engaged' },
    ),
    shown(
      'a student who decides and did everything is a D, and neither handed over nor an MQL',
      { fields: { ...QUALIFIED, ...STUDENT, 'contact.authority': true }, activities: EVERYTHING },
      { grade: 'D', total: 88, status: 'engaged' },
    ),
    shown(
      'a decision maker who did everything, but of whom nothing else is known, is to be qualified first',
      { fields: { 'contact.authority': true }, activities: EVERYTHING },
      { grade: 'Ungraded', total: 55, status: 'mql' },
    ),
    shown(
      'who told us that there is no budget gets nothing for it, and it counts as known',
      { fields: { 'contact.job_title': 'Sales Manager', 'contact.budget': 'No budget', 'company.employees': 80 } },
      { grade: 'C', coverage: 0.54, total: 16, status: 'cold' },
    ),
  ],

  'mappings/presets/scale-200.yaml': [
    shown(
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
    shown(
      'one point less is an MQL',
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
    shown(
      'a VP at 120 points who did little for them is an MQL, too',
      { fields: PERFECT, activities: some(1, 'webinar') },
      { total: 120, behavior: { score: 20 }, status: 'mql' },
    ),
    shown(
      'a manager of a large company at 80 points is an MQL',
      {
        fields: { 'contact.job_title': 'Sales Manager', 'company.employees': 5000, 'company.country': 'US' },
        activities: [...some(1, 'webinar'), ...some(1, 'email_click'), ...some(2, 'email_open')],
      },
      { grade: 'B', total: 80, status: 'mql' },
    ),
    shown(
      'at 79 points they are engaged',
      {
        fields: { 'contact.job_title': 'Sales Manager', 'company.employees': 5000, 'company.country': 'US' },
        activities: [...some(1, 'webinar'), ...some(1, 'email_click'), ...some(1, 'email_open')],
      },
      { grade: 'B', total: 79, status: 'engaged' },
    ),
  ],

  'mappings/presets/fit-only.yaml': [
    shown(
      'a VP of a perfect company is a target, whatever they did',
      { fields: PERFECT, activities: EVERYTHING },
      { grade: 'A', total: 100, behavior: { score: 0 }, status: 'target', next_change_at: null },
    ),
    shown(
      'a VP of whose company nothing is known is Ungraded, and nobody to call on a guess',
      { fields: { 'contact.job_title': 'VP Sales' } },
      { grade: 'Ungraded', total: 30, status: 'other' },
    ),
    shown(
      'a student at a perfect company is a D, and nobody to call',
      { fields: STUDENT },
      { grade: 'D', total: 70, status: 'other' },
    ),
    shown(
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
    shown(
      'a specialist of a small farm is an F',
      { fields: { 'contact.job_title': 'Specialist', 'company.employees': 4, 'company.industry': 'Farming' } },
      { grade: 'F', total: -15, status: 'other' },
    ),
  ],

  'mappings/presets/engagement-only.yaml': [
    shown(
      'whoever asked for a demo today and viewed pricing yesterday is hot',
      { activities: [demo(0), ...pricing(1)] },
      { grade: 'Ungraded', status: 'hot' },
    ),
    shown(
      'whoever reads everything at 54 points but never asked for anything is warm',
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
    shown(
      'a demo request of six weeks ago is worth 10: light engagement',
      { activities: [demo(42)] },
      { behavior: { score: 10 }, status: 'light' },
    ),
    shown(
      'a hot lead that fell to 46 points stays hot',
      {
        activities: [demo(0), ...some(1, 'email_click'), ...some(2, 'email_open')],
        context: { previousStatus: 'hot' },
      },
      { behavior: { score: 46 }, status: 'hot' },
    ),
    shown(
      'one that comes to 46 points from below is warm',
      {
        activities: [demo(0), ...some(1, 'email_click'), ...some(2, 'email_open')],
        context: { previousStatus: 'light' },
      },
      { behavior: { score: 46 }, status: 'warm' },
    ),
    shown(
      'whoever unsubscribed and looked at our jobs is asleep, and owes nothing',
      { fields: { 'contact.email_opt_out': true }, activities: [did('page_view', 0, { path: '/careers' })] },
      { behavior: { score: 0 }, status: 'asleep' },
    ),
  ],

  'mappings/presets/matrix.yaml': [
    shown(
      'a VP who asked for a demo and started a trial is A1: call',
      { fields: PERFECT, activities: [demo(0), did('trial_started', 0)] },
      { cell: 'A1', status: 'hot' },
    ),
    shown('a VP who has done nothing is A4: nurture', { fields: PERFECT }, { cell: 'A4', status: 'nurture' }),
    shown(
      'a student who did everything is D1: being busy does not make up for it',
      { fields: STUDENT, activities: EVERYTHING },
      { cell: 'D1', status: 'rest' },
    ),
    shown(
      'a manager of a good company who started a trial is B2: qualify',
      {
        fields: { 'contact.job_title': 'Sales Manager', 'company.employees': 200, 'company.country': 'US' },
        activities: some(1, 'trial_started'),
      },
      { cell: 'B2', status: 'warm' },
    ),
    shown(
      'whoever did everything, but of whom nothing is known, has no cell',
      { activities: EVERYTHING },
      { grade: 'Ungraded', cell: null, status: 'rest' },
    ),
  ],
};
