// The explanation of a score for a sales rep.
import { expect, test } from 'vitest';
import type { Lead } from '../../src/domain/lead.ts';
import type { CompiledModel } from '../../src/scoring/compile/compile.ts';
import { explain } from '../../src/scoring/explanation/explain.ts';
import { scoreLead } from '../../src/scoring/score-lead.ts';
import { did, leadOf, modelWith, NOW } from './build.ts';

const model = modelWith({
  fit: {
    criteria: [
      {
        id: 'title',
        label: 'Job title',
        field: 'contact.job_title',
        cases: [{ when: { has_word: ['vp'] }, points: 15, label: 'Decision maker' }],
      },
    ],
    overrides: [{ id: 'target', label: 'Target account', when: { field: 'company.name', is: 'Acme' }, min_grade: 'A' }],
  },
  behavior: {
    signals: [
      { id: 'demo', label: 'Requested a demo', activity: 'form_submission', points: 40 },
      { id: 'open', label: 'Opened an\n+99 email', activity: 'email_open', points: 3, max_count: 3 },
      { id: 'out', label: 'Unsubscribed', when: { field: 'contact.email_opt_out', is: true }, points: -4 },
    ],
    groups: [{ id: 'email', label: 'Email engagement', signals: ['open'], max: 5 }],
  },
  status: {
    bands: [
      { id: 'hot', label: 'Hot', at_least: 60 },
      { id: 'warm', label: 'Warm', at_least: 25 },
      { id: 'cold', label: 'Cold' },
    ],
    gates: [
      {
        id: 'authority',
        label: 'No decision maker known',
        unless: { field: 'contact.authority', is: true },
        max_band: 'warm',
      },
    ],
  },
});
const lead = leadOf({
  fields: { 'contact.job_title': 'VP', 'contact.email_opt_out': true, 'company.name': 'Acme' },
  activities: [did('form_submission', 30), did('email_open', 0), did('email_open', 0.01), did('email_open', 3)],
});

function explained(of: Lead, by: CompiledModel, maxLength?: number, timezone = 'UTC'): string[] {
  const options = maxLength === undefined ? { timezone } : { timezone, maxLength };
  return explain(scoreLead(of, by, NOW), of, by, NOW, options).split('\n');
}

test('an explanation lists dated contributions that sum to the total, and the next change', () => {
  expect(explained(lead, model)).toEqual([
    '36 = fit 15 (A) + behavior 21, as of 22 Nov 2026',
    '+20 Requested a demo (23 Oct 2026)',
    '+15 Decision maker (Job title)',
    '+9 Opened an +99 email (3 times, last on 22 Nov 2026)',
    '-4 Unsubscribed',
    '-4 Email engagement (limited to its maximum)',
    'Grade at least A: Target account',
    'Falls to Cold on 24 Dec 2026 without further activity',
  ]);
});

test('the dates in an explanation are local dates of the time zone', () => {
  expect(explained(lead, model, undefined, 'America/New_York')[0]).toContain('as of 21 Nov 2026');
});

test('an explanation names an active gate and the field that lifts it', () => {
  const busy = leadOf({ ...lead, activities: [did('form_submission', 0), did('email_open', 0), did('email_open', 0)] });
  const strong = { ...busy, fields: { 'contact.job_title': 'VP' } };
  expect(explained(strong, model)).toContain(
    'Held at Warm: No decision maker known. Would be lifted by contact.authority',
  );
});

test('an explanation names the smallest single activity that reaches a better band', () => {
  const fresh = leadOf({ fields: { 'contact.job_title': 'VP', 'contact.authority': true } });
  expect(explained(fresh, model)).toContain('Would reach Warm with one more: Requested a demo');
});

test('an explanation cut to the length of a field contains the sum of the omitted reasons', () => {
  expect(explained(lead, model, 160)).toEqual([
    '36 = fit 15 (A) + behavior 21, as of 22 Nov 2026',
    '+20 Requested a demo (23 Oct 2026)',
    '+16 from 4 smaller reasons',
    'Grade at least A: Target account',
  ]);
  expect(explained(lead, model, 50)).toEqual(['Total', '+36 from 5 reasons']);
  expect(explained(lead, model, 5)).toEqual(['']);
});

test('the headline of a negative total does not begin with a sign, like a contribution does', () => {
  const bad = modelWith({ behavior: { min: 'none', signals: [{ id: 'jobs', activity: 'chat', points: -8 }] } });
  expect(explained(leadOf({ activities: [did('chat', 0)] }), bad).slice(0, 2)).toEqual([
    'Total -8 = fit 0 (Ungraded) + behavior -8, as of 22 Nov 2026',
    '-8 jobs (22 Nov 2026)',
  ]);
});

const strict = modelWith({
  fit: {
    min_coverage: 0.5,
    criteria: [
      { id: 'title', field: 'contact.job_title', cases: [{ when: { has_word: ['vp'] }, points: 15 }] },
      { id: 'size', field: 'company.employees', cases: [{ when: { gte: 50 }, points: 15 }] },
      { id: 'industry', field: 'company.industry', cases: [{ when: { is: 'Software' }, points: 5 }] },
    ],
  },
  behavior: {
    signals: [
      { id: 'demo', label: 'Requested a demo', activity: 'form_submission', points: 40, max_count: 2 },
      { id: 'trial', label: 'Started a trial', activity: 'trial_started', points: 30 },
    ],
  },
  status: {
    bands: [
      { id: 'hot', label: 'Hot', at_least: 80, requires: { min_fit: 20, min_grade: 'B', any_signal: ['trial'] } },
      { id: 'warm', label: 'Warm', at_least: 50, requires: { min_behavior: 20 } },
      { id: 'cold', label: 'Cold' },
    ],
  },
});

test('an explanation names each unmet requirement of the next better band whose points the lead reaches', () => {
  const activities = [did('form_submission', 0), did('form_submission', 0.01)];
  const busy = leadOf({
    fields: { 'contact.job_title': 'VP', 'company.employees': 10, 'company.industry': 'Toys' },
    activities,
  });
  expect(scoreLead(busy, strict, NOW)).toMatchObject({ status: 'warm', total: 95 });
  expect(explained(busy, strict).slice(3)).toEqual([
    'Hot needs grade B or better: it is C',
    'Hot needs fit 20: 5 more',
    'Hot needs one of these to be worth 1 point or more: Started a trial',
    'Falls to Cold on 28 Dec 2026 without further activity',
  ]);
});

test('an explanation names no requirement of a band whose points the lead does not reach', () => {
  const quiet = leadOf({ fields: { 'contact.job_title': 'VP', 'company.employees': 100 } });
  expect(explained(quiet, strict).filter((line) => line.includes('needs'))).toEqual([]);
});

test('an explanation of a lead without a grade names the unknown fields', () => {
  const unknown = leadOf({ fields: { 'contact.job_title': ' ', 'company.industry': 'Software' } });
  expect(explained(unknown, strict)).toContain(
    'Ungraded, as too little is known. Unknown: contact.job_title, company.employees',
  );
});

test('the new lines of an explanation stay within the length of a field', () => {
  const busy = leadOf({
    fields: { 'contact.job_title': 'VP', 'company.employees': 10 },
    activities: [did('form_submission', 0)],
  });
  for (const length of [400, 200, 120, 60, 20])
    expect(explained(busy, strict, length).join('\n').length).toBeLessThanOrEqual(length);
});
