// What many leads say of a model, with the sentence that a person reads.
import { expect, test } from 'vitest';
import type { Activity, Fields } from '../../src/domain/lead.ts';
import { findUseProblems } from '../../src/review/find-use-problems.ts';
import { ModelUse } from '../../src/review/model-use.ts';
import { compileModel } from '../../src/scoring/compile/compile.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';
import { scoreLead } from '../../src/scoring/score-lead.ts';
import { formatPath } from '../../src/yaml/paths.ts';
import { did, leadOf, NOW } from '../scoring/build.ts';

interface Parts {
  readonly fields?: Fields;
  readonly activities?: readonly Activity[];
}

const MODEL = `name: m
version: "1"
fit:
  criteria:
    - { id: size, field: company.employees, cases: [ { when: { gte: 100 }, points: 30 } ] }
    - { id: title, field: contact.title_level, cases: [ { when: { is: director }, points: 10 } ] }
behavior:
  half_life: none
  signals:
    - { id: demo, activity: form_submission, where: { form: { contains: [demo] } }, points: 40 }
    - { id: webinar, activity: webinar, points: 10, max_count: 3 }
    - { id: opens, activity: email_open, points: 1, max_count: 20 }
    - { id: often, activity: email_open, tiers: [ { count: 30, points: 5 } ] }
    - { id: out, when: { field: contact.email_opt_out, is: true }, points: -20 }
    - { id: silent, absent: { activity: email_open, for: 90d }, points: -10 }
  groups: [ { id: email, signals: [opens], max: 5 } ]
status:
  bands: [ { id: hot, at_least: 70 }, { id: mql, at_least: 40 }, { id: cold } ]
  gates: [ { id: who, unless: { field: contact.authority, is: true }, max_band: mql } ]
`;

/** `path: message fix` of each problem of the model for these leads. */
function said(leads: readonly Parts[], text = MODEL): string[] {
  const { model, problems } = readModel(text, 'm.yaml');
  if (model === null) throw new Error(JSON.stringify(problems));
  const compiled = compileModel(model);
  const use = new ModelUse(compiled);
  for (const parts of leads) {
    const lead = leadOf(parts);
    use.add(lead, scoreLead(lead, compiled, NOW));
  }
  return findUseProblems(model, compiled, use.report()).map(({ level, path, message, fix }) => {
    expect(level).toBe('warning');
    return `${formatPath(path)}: ${message} ${fix}`;
  });
}

/** For each of 100 leads what the function makes of its number. */
const hundred = (make: (index: number) => Parts) => Array.from({ length: 100 }, (_, index) => make(index));
const demo = () => did('form_submission', 1, { form: 'Demo request' });
const opens = (count: number) => Array.from({ length: count }, () => did('email_open', 1));

/** Every part of the model counts for some of them. */
const lively = (index: number): Required<Parts> => ({
  fields: {
    'company.employees': index % 2 === 0 ? 500 : 5,
    'contact.title_level': index % 3 === 0 ? 'director' : 'other',
    'contact.authority': index % 4 === 0,
    'contact.email_opt_out': index % 10 === 9,
    'contact.created_at': '2020-01-01',
  },
  activities: [
    ...(index % 4 === 0 ? [demo()] : []),
    ...(index % 5 === 0 ? [did('webinar', 2)] : []),
    ...(index === 7 ? opens(30) : opens(index % 3)),
  ],
});

test('leads for which every part of the model counts say nothing against it', () => {
  expect(said(hundred(lively))).toEqual([]);
});

test('fewer than 50 leads are too few to judge a model', () => {
  expect(said(Array.from({ length: 49 }, () => ({})))).toEqual([]);
  expect(said(Array.from({ length: 50 }, () => ({}))).length).toBeGreaterThan(5);
});

test.each<readonly [what: string, lead: (index: number) => Parts, sentence: string]>([
  [
    'a criterion that never matches',
    (index) => ({ ...lively(index), fields: { ...lively(index).fields, 'company.employees': index % 4 ? 5 : null } }),
    'fit.criteria[0]: the criterion size matched none of 100 leads, 75 of which have company.employees. Write the values that the leads have, or remove the criterion.',
  ],
  [
    'a field that is unknown for most leads',
    (index) => ({
      ...lively(index),
      fields: { ...lively(index).fields, 'company.employees': index < 7 ? 500 : null },
    }),
    'fit.criteria[0]: company.employees is unknown for 93 % of 100 leads, and 75 % of the fit points depend on it. Fill it in the CRM, map another property to it, or give the criterion fewer points.',
  ],
  [
    'a field that is made from the job title, for all leads',
    (index) => ({ ...lively(index), fields: { ...lively(index).fields, 'contact.title_level': null } }),
    'fit.criteria[1]: contact.job_title is unknown for all 100 leads, and 25 % of the fit points depend on it. Fill it in the CRM, map another property to it, or give the criterion fewer points.',
  ],
  [
    'a signal whose activity does not exist',
    (index) => ({ ...lively(index), activities: lively(index).activities.filter(({ type }) => type !== 'webinar') }),
    'behavior.signals[1]: the signal webinar counted for none of 100 leads: none has the activity webinar. Add a rule with type: webinar under activities of the mapping, or remove the signal.',
  ],
  [
    'a signal whose where excludes all activities',
    (index) => ({
      ...lively(index),
      activities: lively(index).activities.map((each) => ({ ...each, attributes: { form: 'Newsletter' } })),
    }),
    'behavior.signals[0]: the signal demo counted for none of 100 leads: 25 of 100 have the activity form_submission, and its where excludes it. Correct its where.',
  ],
  [
    'a tier that is too high',
    (index) => ({ ...lively(index), activities: lively(index).activities.slice(0, 4) }),
    'behavior.signals[3]: the signal often counted for none of 100 leads, although 66 of 100 have the activity email_open. Give its lowest tier a smaller count, or a longer window.',
  ],
  [
    'a state that no lead is in',
    (index) => ({ ...lively(index), fields: { ...lively(index).fields, 'contact.email_opt_out': false } }),
    'behavior.signals[4]: the signal out counted for none of 100 leads. Correct its condition, or remove the signal.',
  ],
  [
    'an absence that no lead shows',
    (index) => ({ ...lively(index), fields: { ...lively(index).fields, 'contact.created_at': null } }),
    'behavior.signals[5]: the signal silent counted for none of 100 leads. Correct its absent, or remove the signal.',
  ],
  [
    'a gate whose field is unknown for most leads',
    (index) => ({ ...lively(index), fields: { ...lively(index).fields, 'contact.authority': index < 2 || null } }),
    'status.gates[0].unless: contact.authority is unknown for 98 % of 100 leads, so the gate who holds them at mql at best. Fill it in the CRM, map another property to it, or remove the gate.',
  ],
  [
    'a cap that cuts off most points',
    (index) => ({ ...lively(index), activities: [...lively(index).activities, ...opens(index % 2 ? 12 : 8)] }),
    'behavior.groups[0].max: the max of the group email (5) cuts off points of 100 of the 100 leads that have points there, so these look alike. Write max: 14, which nine of ten do not exceed.',
  ],
  [
    'a band that no lead reaches',
    (index) => ({ ...lively(index), activities: lively(index).activities.filter(({ type }) => type === 'email_open') }),
    'status.bands[0].at_least: none of 100 leads is hot: hot begins at 70, and the best lead has 40. Write at_least: 40 at hot, which the best 5 % reach.',
  ],
  [
    'bands that no lead reaches',
    (index) => ({ fields: { 'company.employees': index < 30 ? 500 : 5 } }),
    'status.bands[0].at_least: none of 100 leads is hot or mql: mql begins at 40, and the best lead has 30. Write at_least: 30 at hot, which the best 5 % reach.',
  ],
  [
    'a band that a gate keeps empty',
    (index) => ({ ...lively(index), fields: { ...lively(index).fields, 'contact.authority': false } }),
    'status.bands[0]: none of 100 leads is hot, although 25 reach 70 points: they are in better bands, or requires and gates hold them. Relax requires and gates, or remove the band.',
  ],
  [
    'a band in which all leads are',
    (index) => ({ fields: { 'company.employees': index < 30 ? 500 : 5 } }),
    'status.bands[2]: all 100 leads are cold, so the status hardly tells them apart. Write at_least: 30 at mql, which the best 10 % reach.',
  ],
  [
    'leads of which nothing is known',
    () => ({}),
    'status.bands[2]: all 100 leads are cold, so the status hardly tells them apart. Too little is known of the leads to tell them apart: fill fields, or map activities.',
  ],
])('%s is found', (_what, lead, sentence) => {
  expect(said(hundred(lead)).join('\n')).toContain(sentence);
});

test('a max of behavior that cuts off most points is found', () => {
  const capped = MODEL.replace('half_life: none', 'half_life: none\n  max: 10');
  const leads = hundred((index) => ({ ...lively(index), activities: [demo(), ...opens(index % 3)] }));
  expect(said(leads, capped).join('\n')).toContain(
    'behavior.max: the max of behavior (10) cuts off points of 96 of the 100 leads that have points there, so these look alike. Write max: 42, which nine of ten do not exceed.',
  );
});

test('cells without leads are found', () => {
  const cells = MODEL.replace(
    /status:[\s\S]*/,
    'status: { basis: matrix, behavior_levels: { 1: 40, 2: 0 }, bands: [ { id: hot, cells: [A1] }, { id: warm, cells: [A2, B1] }, { id: rest } ] }',
  );
  expect(
    said(
      hundred(() => ({ fields: { 'company.employees': 500, 'contact.title_level': 'director' } })),
      cells,
    ),
  ).toEqual(
    expect.arrayContaining([
      'status.bands[0]: none of 100 leads is hot. Move cells between the bands, or change behavior_levels.',
      'status.bands[1]: all 100 leads are warm, so the status hardly tells them apart. Move cells between the bands, or change behavior_levels.',
    ]),
  );
});

test('a part of the leads is never called all or none of them', () => {
  const two = hundred((index) => ({ fields: { 'company.employees': index === 0 ? 500 : null } }));
  expect(said([...two, ...two, ...hundred(() => ({}))]).join('\n')).toContain(
    'company.employees is unknown for 99 % of 300 leads',
  );
});

test('nothing is said of the bands of a model with `top`, whose points follow the leads', () => {
  const text = MODEL.replace('at_least: 70', 'at_least: { top: 5%, floor: 20 }');
  // All leads have the floor.
  const bands = said(
    hundred(() => ({ fields: { 'company.employees': 500 } })),
    text,
  ).filter((each) => each.startsWith('status'));
  expect(bands.filter((each) => !each.includes('gates'))).toEqual([]);
});
