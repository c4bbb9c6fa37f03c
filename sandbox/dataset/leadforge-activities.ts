// Turns leadforge's sessions, touches and sales activities into dated activities of people.
import type { SeedActivity, SeedAttributes } from './dataset.ts';
import { cell, dayOf, type Row } from './leadforge-rows.ts';

export interface LeadforgeRows {
  readonly sessions: readonly Row[];
  readonly touches: readonly Row[];
  readonly sales: readonly Row[];
  /** A lead's contact. */
  readonly contactOf: ReadonlyMap<string, string>;
}

// The files know days only. A person's activities of one day follow each other from eight o'clock, each at its own time.
const DAY_STARTS_MS = 8 * 3_600_000;
const STEP_MS = 137_000;

type Kept = readonly [type: string, attributes: SeedAttributes];

/** One activity a row. */
export function leadforgeActivities(rows: LeadforgeRows): SeedActivity[] {
  const found: SeedActivity[] = [];
  const used = new Map<string, number>();
  const days = new Map<string, number>();
  const startOf = (day: string): number => {
    const known = days.get(day) ?? dayOf(day) + DAY_STARTS_MS;
    days.set(day, known);
    return known;
  };
  const add = (row: Row, dateColumn: string, kept: readonly Kept[]): void => {
    const lead = cell(row, 'lead_id');
    const person = rows.contactOf.get(lead);
    if (person === undefined) return;
    const day = cell(row, dateColumn);
    const key = `${person} ${day}`;
    let count = used.get(key) ?? 0;
    for (const [type, attributes] of kept) {
      found.push({ person, lead, type, at: startOf(day) + count * STEP_MS, attributes });
      count += 1;
    }
    used.set(key, count);
  };
  for (const row of rows.sessions) add(row, 'session_timestamp', visitOf(row));
  for (const row of rows.touches) add(row, 'touch_timestamp', touchOf(row));
  for (const row of rows.sales) add(row, 'activity_timestamp', salesOf(row));
  return found;
}

/** A session is one page view, of the page that it was for. */
function visitOf(row: Row): Kept[] {
  return [['page_view', { path: PAGES[cell(row, 'session_type')] ?? '/' }]];
}

const PAGES: Readonly<Record<string, string>> = { pricing_page: '/pricing', demo_page: '/demo', website: '/' };

function touchOf(row: Row): Kept[] {
  const inbound = cell(row, 'touch_direction') === 'inbound';
  const kept = TOUCHES[cell(row, 'touch_type')];
  return kept ? [kept(inbound)] : [];
}

const TOUCHES: Readonly<Record<string, (inbound: boolean) => Kept>> = {
  email: (inbound) => [
    inbound ? 'email_reply' : 'sales_email',
    { subject: inbound ? 'Re: your message' : 'Introduction' },
  ],
  // Reps log such messages as e-mails: HubSpot's own object for them is not read.
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

function salesOf(row: Row): Kept[] {
  const outcome = cell(row, 'activity_outcome');
  const kept = SALES[cell(row, 'activity_type')];
  return kept ? [kept(outcome)] : [];
}

const SALES: Readonly<Record<string, (outcome: string) => Kept>> = {
  call: (outcome) => ['call', { title: 'Sales call', outcome: CALL_OUTCOMES[outcome] ?? 'connected' }],
  meeting: (outcome) => ['meeting', { title: 'Sales meeting', outcome: MEETING_OUTCOMES[outcome] ?? 'completed' }],
  demo: (outcome) => ['meeting', { title: 'Product demo', outcome: MEETING_OUTCOMES[outcome] ?? 'completed' }],
  email: () => ['sales_email', { subject: 'Sales email' }],
};
