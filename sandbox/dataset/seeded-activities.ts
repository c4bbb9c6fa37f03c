// The activities of one seeded person. More interest means more activities, and more buying ones:
// pricing pages, demos, meetings.
import type { SeedActivity, SeedAttributes, SeedPerson } from './dataset.ts';
import type { Random } from './random.ts';

const DAY_MS = 86_400_000;
const SPAN_DAYS = 120;
const MAX_VISITS = 17;

interface Page {
  readonly path: string;
  readonly title: string;
}

const page = (path: string, title: string): Page => ({ path, title });

const BROWSING = [
  [page('/', 'Home'), 30],
  [page('/product', 'Product'), 18],
  [page('/blog/lead-scoring-basics', 'Lead scoring basics'), 16],
  [page('/blog/fit-and-behavior', 'Fit and behavior'), 12],
  [page('/customers', 'Customers'), 8],
  [page('/docs', 'Documentation'), 8],
  [page('/careers', 'Careers'), 5],
  [page('/pricing', 'Pricing'), 3],
] as const;

const BUYING = [
  [page('/pricing', 'Pricing'), 34],
  [page('/demo', 'Request a demo'), 12],
  [page('/customers', 'Customers'), 14],
  [page('/product', 'Product'), 20],
  [page('/product/integrations', 'Integrations'), 12],
  [page('/docs/install', 'Install'), 8],
] as const;

const CALL_OUTCOMES = [
  ['connected', 5],
  ['no_answer', 4],
  ['left_voicemail', 3],
  ['busy', 1],
] as const;

const MEETING_OUTCOMES = [
  ['completed', 7],
  ['scheduled', 1],
  ['no_show', 1],
  ['canceled', 1],
] as const;

/** @param interest 0 (cold) to 1 (about to buy) @param end epoch ms; no activity is later */
export function seededActivities(random: Random, person: SeedPerson, interest: number, end: number): SeedActivity[] {
  const activities: SeedActivity[] = [];
  const add = (type: string, attributes: SeedAttributes): void => {
    activities.push({ person: person.key, type, at: activityTime(random, interest, end), attributes });
  };
  const times = (max: number, act: () => void): void => {
    for (let left = Math.floor(interest * max + random.next()); left > 0; left--) act();
  };
  visit(random, interest, add);
  if (person.email !== null) submitForms(random, interest, times, add);
  times(0.7, () =>
    add('meeting', {
      title: random.pick(['Discovery call', 'Product demo', 'Pricing review']),
      outcome: random.weighted(MEETING_OUTCOMES),
    }),
  );
  times(1.1, () =>
    add('call', { title: 'Outreach', outcome: random.weighted(CALL_OUTCOMES), seconds: random.between(5, 1500) }),
  );
  times(1.3, () => add('sales_email', { subject: random.pick(['Following up', 'Your question', 'Next steps']) }));
  times(0.7, () => add('email_reply', { subject: random.pick(['Re: Following up', 'Re: Next steps']) }));
  if (random.chance(0.02)) add('sales_email_bounce', { subject: 'Following up' });
  times(0.4, () => add('note', { body: 'Spoke about the current process.' }));
  times(0.4, () => add('task', { subject: 'Follow up', status: random.pick(['NOT_STARTED', 'COMPLETED']) }));
  return activities;
}

type Add = (type: string, attributes: SeedAttributes) => void;

function visit(random: Random, interest: number, add: Add): void {
  const visits = Math.floor(interest ** 1.2 * MAX_VISITS + random.next() * 1.4);
  for (let left = visits; left > 0; left--) {
    const { path, title } = random.chance(interest) ? random.weighted(BUYING) : random.weighted(BROWSING);
    add('page_view', { path, title, referrer: random.chance(0.3) ? 'https://search.example/' : '' });
  }
}

function submitForms(random: Random, interest: number, times: (max: number, act: () => void) => void, add: Add): void {
  const site = 'https://www.leadgrade.example';
  if (random.chance(0.12)) add('form_submission', { form: 'newsletter', page: `${site}/blog/lead-scoring-basics` });
  times(0.35, () =>
    add('content_download', { name: 'The lead scoring handbook', kind: 'whitepaper', page: `${site}/handbook` }),
  );
  times(0.3, () =>
    add('webinar', { name: 'Scoring that sales trusts', attended: random.chance(0.5), page: `${site}/webinar` }),
  );
  if (random.chance(interest * 0.35)) add('form_submission', { form: 'demo', page: `${site}/demo` });
  if (random.chance(interest * 0.15)) add('trial_started', { product: 'Leadgrade Cloud', page: `${site}/trial` });
}

/** An instant in the 120 days before `end`; the more interest, the more recent. */
function activityTime(random: Random, interest: number, end: number): number {
  const daysAgo = SPAN_DAYS * random.next() ** (1 + interest * 1.5);
  return end - Math.floor(daysAgo * DAY_MS) - random.between(1, 3_600_000);
}
