// Random leads with all fields known and 20 activities each, in order of time, as the store delivers them. The same leads on
// every run and machine.
import type { Activity, Lead } from '../../src/domain/lead.ts';

export const NOW = Date.UTC(2026, 10, 22);
export const DAY = 86_400_000;

const ACTIVITIES = 20;
const TITLES = ['VP, Sales', 'Marketing Manager', 'Student', 'Software Engineer', 'Director of Operations', 'CEO'];
const LEVELS = ['executive', 'director', 'manager', 'specialist', 'student'];
const INDUSTRIES = ['Software', 'Banking', 'Insurance', 'Agriculture'];
const COUNTRIES = ['US', 'GB', 'DE', 'IN'];
const TECHNOLOGIES = ['Slack', 'HubSpot', 'Salesforce', 'Jira', 'Snowflake'];
const PATHS = ['/pricing', '/', '/blog/post', '/case-studies/acme', '/security', '/docs/start', '/careers'];
const TYPES = [
  ...['page_view', 'page_view', 'page_view', 'page_view', 'email_open', 'email_open', 'email_delivered'],
  ...['email_click', 'form_submission', 'webinar', 'content_download', 'chat'],
];

export function randomLeads(count: number): Lead[] {
  const random = linearCongruence(42);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const activityAt = (at: number, id: number): Activity => {
    const type = pick(TYPES);
    if (type === 'page_view') return { id: String(id), type, at, attributes: { path: pick(PATHS) } };
    const attributes = type === 'form_submission' ? { form: pick(['Newsletter', 'Demo request']) } : {};
    return { id: String(id), type, at, attributes };
  };
  return Array.from({ length: count }, (_, index) => {
    const instants = Array.from({ length: ACTIVITIES }, () => NOW - Math.floor(random() * 180 * DAY)).sort();
    return {
      id: String(index),
      fields: {
        'contact.job_title': pick(TITLES),
        'contact.title_level': pick(LEVELS),
        'contact.created_at': '2026-01-15T08:00:00Z',
        'contact.email_opt_out': random() < 0.1,
        'company.employees': Math.floor(random() ** 3 * 5000),
        'company.industry': pick(INDUSTRIES),
        'company.country': pick(COUNTRIES),
        'company.technologies': [pick(TECHNOLOGIES), 'Segment'],
      },
      activities: instants.map((at, each) => activityAt(at, index * ACTIVITIES + each)),
      unobserved: [],
    };
  });
}

function linearCongruence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
