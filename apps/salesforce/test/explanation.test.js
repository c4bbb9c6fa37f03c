// The card parses the explanations that the scorer writes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explain } from '../../../src/scoring/explanation/explain.ts';
import { scoreLead } from '../../../src/scoring/score-lead.ts';
import { did, leadOf, modelWith, NOW } from '../../../test/scoring/build.ts';
import { readExplanation } from '../force-app/main/default/lwc/leadgradeCard/explanation.js';

const model = modelWith({
  fit: {
    criteria: [
      {
        id: 'title',
        label: 'Job title',
        field: 'contact.job_title',
        cases: [{ when: { has_word: ['vp'] }, points: 30, label: 'Decision maker' }],
      },
      {
        id: 'size',
        label: 'Company size',
        field: 'company.employees',
        cases: [{ when: { lt: 10 }, points: -12, label: 'Too small' }],
      },
    ],
    overrides: [{ id: 'target', label: 'Target account', when: { field: 'company.name', is: 'Acme' }, min_grade: 'A' }],
  },
  behavior: {
    signals: [{ id: 'demo', label: 'Requested a demo', activity: 'form_submission', points: 50 }],
  },
  status: {
    bands: [
      { id: 'hot', label: 'Hot', at_least: 60 },
      { id: 'warm', label: 'Warm', at_least: 25 },
      { id: 'cold', label: 'Cold' },
    ],
    gates: [
      { id: 'buyer', label: 'No buyer known', unless: { field: 'contact.authority', is: true }, max_band: 'warm' },
    ],
  },
});
const fields = { 'contact.job_title': 'VP', 'company.employees': 5, 'company.name': 'Acme' };
const lead = leadOf({ fields, activities: [did('form_submission', 3)] });

function read(who, maxLength) {
  const result = scoreLead(who, model, NOW);
  const text = explain(result, who, model, NOW, { timezone: 'UTC', ...(maxLength && { maxLength }) });
  return { ...readExplanation(text), result, text };
}

function sum(reasons) {
  return reasons.reduce((total, { points }) => total + points, 0);
}

test('the reasons on the card add up to the total, and every other line is assigned to a section', () => {
  const { reasons, held, next, result } = read(lead);
  assert.equal(sum(reasons), result.total);
  assert.equal(reasons.length, 3);
  assert.deepEqual(held, [
    'Grade at least A: Target account',
    'Held at Warm: No buyer known. Would be lifted by contact.authority',
  ]);
  assert.equal(next.length, 1);
  assert.match(next[0], /^Falls to Cold on /);
  assert.deepEqual(read(leadOf({ fields })).next, ['Would reach Warm with one more: Requested a demo']);
});

test('the reasons of an explanation that is shortened to any length add up to the total', () => {
  const { text, result } = read(lead);
  for (let length = text.length; length >= 'Total\n+65 from 3 reasons'.length; length--) {
    const { reasons, held, text: cut } = read(lead, length);
    assert.equal(sum(reasons), result.total, cut);
    assert.ok(
      held.every((line) => /^(?:Grade|Held) at /.test(line)),
      cut,
    );
  }
});

test('the reasons of a negative total add up to it', () => {
  const { reasons, held, result } = read(leadOf({ fields: { 'company.employees': 5 } }));
  assert.equal(result.total, -12);
  assert.deepEqual(reasons, [{ points: -12, text: 'Too small (Company size)' }]);
  assert.deepEqual(held, ['Ungraded, as too little is known. Unknown: contact.job_title']);
});
