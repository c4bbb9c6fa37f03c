// Measures scoring speed as a ratio to two hand-written loops over the same leads: one that
// computes the total only (the practical limit), and one that also lists contributions. Ratios are
// comparable across machines; leads per second are not.
//   npm run bench:engine -- --leads 20000
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadTitles } from '../cli/product/files/load-titles.ts';
import type { Activity, Lead } from '../src/domain/lead.ts';
import { compileModel } from '../src/scoring/compile/compile.ts';
import { explain } from '../src/scoring/explanation/explain.ts';
import { readModel } from '../src/scoring/schemas/model.ts';
import { scoreLead } from '../src/scoring/score-lead.ts';
import { createTitleFields } from '../src/titles/read-title.ts';

const { values } = parseArgs({ options: { leads: { type: 'string', default: '20000' } } });
const NOW = Date.UTC(2026, 10, 22);
const DAY = 86_400_000;

// Our own generator: the same leads on every run and machine.
let seed = 42;
function random(): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed / 2 ** 32;
}
function pick<T>(list: readonly T[]): T {
  return list[Math.floor(random() * list.length)]!;
}

const TITLES = ['VP, Sales', 'Marketing Manager', 'Student', 'Software Engineer', 'Director of Operations', 'Analyst'];
const PATHS = ['/pricing', '/', '/blog/post', '/case-studies/acme', '/security', '/docs/start'];
const TYPES = [
  'page_view',
  'page_view',
  'page_view',
  'email_open',
  'email_delivered',
  'email_click',
  'form_submission',
];

function activity(index: number): Activity {
  const attributes = { path: pick(PATHS), form: pick(['Newsletter', 'Demo request']) };
  return { id: String(index), type: pick(TYPES), at: NOW - Math.floor(random() * 180 * DAY), attributes };
}

function lead(index: number): Lead {
  return {
    id: String(index),
    fields: {
      'contact.job_title': pick(TITLES),
      'contact.created_at': '2026-01-15T08:00:00Z',
      'contact.email_opt_out': random() < 0.1,
      'company.employees': Math.floor(random() * 2000),
      'company.industry': pick(['Software', 'Banking', 'Agriculture']),
      'company.country': pick(['US', 'DE', 'IN']),
      'company.technologies': [pick(['Slack', 'HubSpot', 'Jira']), 'Segment'],
    },
    activities: Array.from({ length: 20 }, (_, each) => activity(each)),
    unobserved: [],
  };
}

interface Line {
  readonly signal: string;
  readonly exact: number;
}

/** Hand-written code for one fixed, simpler model: no unknowns, no duplicates, no limits. */
function byHand({ fields, activities }: Lead, lines: Line[] | null): number {
  let total = 0;
  const add = (signal: string, exact: number) => {
    total += exact;
    lines?.push({ signal, exact });
  };
  const title = String(fields['contact.job_title']).toLowerCase();
  add('title', title.includes('vp') ? 30 : title.includes('director') ? 25 : title.includes('manager') ? 15 : 0);
  const size = Number(fields['company.employees']);
  add('size', size < 10 ? -10 : size < 50 ? 10 : size < 1000 ? 25 : 15);
  add('industry', fields['company.industry'] === 'Software' ? 20 : 0);
  add('country', fields['company.country'] === 'US' ? 10 : 0);
  const technologies = fields['company.technologies'];
  add('technology', Array.isArray(technologies) && technologies.includes('HubSpot') ? 15 : 0);
  let [pricing, demo, opens, clicks, cases] = [0, 0, 0, 0, 0];
  for (const { type, at, attributes } of activities) {
    const left = 2 ** ((at - NOW) / (30 * DAY));
    if (type === 'page_view' && attributes.path === '/pricing') pricing = Math.max(pricing, 15 * left);
    else if (type === 'page_view' && String(attributes.path).startsWith('/case')) cases = Math.max(cases, 6 * left);
    else if (type === 'form_submission' && attributes.form === 'Demo request') demo = Math.max(demo, 40 * left);
    else if (type === 'email_open') opens = Math.min(3, opens + left);
    else if (type === 'email_click') clicks = Math.min(12, clicks + 4 * left);
  }
  add('pricing', pricing);
  add('demo', demo);
  add('opens', opens);
  add('clicks', clicks);
  add('cases', cases);
  return Math.round(total);
}

const leads = Array.from({ length: Number(values.leads) }, (_, index) => lead(index));
const file = new URL('../mappings/model.yaml', import.meta.url);
const { model } = readModel(readFileSync(file, 'utf8'), 'mappings/model.yaml');
if (!model) throw new Error('mappings/model.yaml is not valid; run leadgrade validate.');
const compiled = compileModel(model);
const addFields = createTitleFields((await loadTitles()).dictionary);
const withTitle = (each: Lead): Lead => ({ ...each, fields: addFields(each.fields) });

/** The best of three repetitions, in leads per second. */
function measure(score: (lead: Lead) => unknown): number {
  let best = 0;
  for (let repetition = 0; repetition < 3; repetition++) {
    const start = performance.now();
    for (const each of leads) score(each);
    best = Math.max(best, (leads.length / (performance.now() - start)) * 1000);
  }
  return best;
}

const baseline = measure((each) => byHand(each, null));
const rows: [string, number][] = [
  ['by hand, total only', baseline],
  ['by hand, with contributions', measure((each) => byHand(each, []))],
  ['scoreLead', measure((each) => scoreLead(withTitle(each), compiled, NOW))],
  [
    'scoreLead and explain',
    measure((each) =>
      explain(scoreLead(withTitle(each), compiled, NOW), withTitle(each), compiled, NOW, { timezone: 'UTC' }),
    ),
  ],
];
for (const [name, rate] of rows) {
  console.log(
    `${name.padEnd(28)} ${Math.round(rate).toLocaleString('en-US').padStart(10)} leads/s  1 : ${(baseline / rate).toFixed(1)}`,
  );
}
