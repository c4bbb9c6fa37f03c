// Maps the sessions, touches and sales activities of leadforge to dated activities of people.
import type { SeedActivity, SeedAttributes } from './dataset.ts';
import { cell, dayOf, type Row } from './leadforge-rows.ts';

export interface LeadforgeRows {
  readonly sessions: readonly Row[];
  readonly touches: readonly Row[];
  readonly sales: readonly Row[];
  /** Contact IDs by lead ID. */
  readonly contactOf: ReadonlyMap<string, string>;
}

// The files have days without times. The activities of a person on one day start at 8:00 UTC, 137 s
// apart.
const DAY_STARTS_MS = 8 * 3_600_000;
const STEP_MS = 137_000;

type ActivityDraft = readonly [type: string, attributes: SeedAttributes];

/** At most one activity per row. */
export function leadforgeActivities(rows: LeadforgeRows): SeedActivity[] {
  const activities: SeedActivity[] = [];
  const countByDay = new Map<string, number>();
  const days = new Map<string, number>();
  const startOf = (day: string): number => {
    const start = days.get(day) ?? dayOf(day) + DAY_STARTS_MS;
    days.set(day, start);
    return start;
  };
  const add = (row: Row, dateColumn: string, drafts: readonly ActivityDraft[]): void => {
    const lead = cell(row, 'lead_id');
    const person = rows.contactOf.get(lead);
    if (person === undefined) return;
    const day = cell(row, dateColumn);
    const key = `${person} ${day}`;
    let count = countByDay.get(key) ?? 0;
    for (const [type, attributes] of drafts) {
      activities.push({ person, lead, type, at: startOf(day) + count * STEP_MS, attributes });
      count += 1;
    }
    countByDay.set(key, count);
  };
  for (const row of rows.sessions) add(row, 'session_timestamp', visitOf(row));
  for (const row of rows.touches) add(row, 'touch_timestamp', touchOf(row));
  for (const row of rows.sales) add(row, 'activity_timestamp', salesOf(row));
  return activities;
}

/** A session becomes one page view. */
function visitOf(row: Row): ActivityDraft[] {
  return [['page_view', { path: PAGES[cell(row, 'session_type')] ?? '/' }]];
}

const PAGES: Readonly<Record<string, string>> = { pricing_page: '/pricing', demo_page: '/demo', website: '/' };

function touchOf(row: Row): ActivityDraft[] {
  const inbound = cell(row, 'touch_direction') === 'inbound';
  const draft = TOUCHES[cell(row, 'touch_type')];
  return draft ? [draft(inbound)] : [];
}

const TOUCHES: Readonly<Record<string, (inbound: boolean) => ActivityDraft>> = {
  email: (inbound) => [
    inbound ? 'email_reply' : 'sales_email',
    { subject: inbound ? 'Re: your message' : 'Introduction' },
  ],
  // Sales reps log these messages as e-mails; HubSpot's own object for them is not modeled.
  linkedin_message: (inbound) => [
    inbound ? 'email_reply' : 'sales_email',
    { subject: inbound ? 'Re: LinkedIn' : 'LinkedIn message' },
  ],
  call: (inbound) => ['call', { title: inbound ? 'Inbound call' : 'Outbound call', outcome: 'connected' }],
  webinar: () => ['webinar', { name: 'Procurement webinar' }],
  content_download: () => ['content_download', { name: 'Procurement handbook', kind: 'whitepaper' }],
};

const CALL_OUTCOMES: Readonly<Record<string, string>> = { left_voicemail: 'left_voicemail', no_answer: 'no_answer' };
const MEETING_OUTCOMES: Readonly<Record<string, string>> = {
  left_voicemail: 'no_show',
  no_answer: 'no_show',
  meeting_set: 'scheduled',
};

function salesOf(row: Row): ActivityDraft[] {
  const outcome = cell(row, 'activity_outcome');
  const draft = SALES[cell(row, 'activity_type')];
  return draft ? [draft(outcome)] : [];
}

const SALES: Readonly<Record<string, (outcome: string) => ActivityDraft>> = {
  call: (outcome) => ['call', { title: 'Sales call', outcome: CALL_OUTCOMES[outcome] ?? 'connected' }],
  meeting: (outcome) => ['meeting', { title: 'Sales meeting', outcome: MEETING_OUTCOMES[outcome] ?? 'completed' }],
  demo: (outcome) => ['meeting', { title: 'Product demo', outcome: MEETING_OUTCOMES[outcome] ?? 'completed' }],
  email: () => ['sales_email', { subject: 'Sales email' }],
};
