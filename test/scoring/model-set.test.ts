// A file that lists several models: what it may say, and the messages for what it may not.

import { expect, test } from 'vitest';
import { modelProperty as hubspotProperty } from '../../connectors/hubspot/setup/score-properties.ts';
import { modelProperty as salesforceProperty } from '../../connectors/salesforce/setup/score-fields.ts';
import { SCORE_FIELDS } from '../../src/domain/score-fields.ts';
import { inOrder, readModelSet } from '../../src/scoring/model-set/model-set.ts';

const messages = (text: string) =>
  readModelSet(text, 'models.yaml').problems.map(
    ({ line, path, message, fix }) => `${line} ${path}: ${message} ${fix}`,
  );

test('a list of models is read in its order, and its first live model comes first', () => {
  const { set, problems } = readModelSet(
    `models:
  - { name: next, file: next.yaml, role: shadow }
  - { name: new_business, file: model.yaml, where: { field: contact.lifecycle, is: lead } }
`,
    'models.yaml',
  );
  expect(problems).toEqual([]);
  expect(set?.models.map(({ name }) => name)).toEqual(['next', 'new_business']);
  expect(inOrder(set?.models ?? []).map(({ name }) => name)).toEqual(['new_business', 'next']);
});

test.each([
  [
    'a name that is used twice',
    '[{ name: a, file: a.yaml }, { name: a, file: b.yaml }]',
    'the name "a" stands twice in this list.',
  ],
  ['shadows alone', '[{ name: a, file: a.yaml, role: shadow }]', 'Write role: live for one of them.'],
  ['a name with a space', '[{ name: new business, file: a.yaml }]', 'must begin with a lower-case letter'],
  [
    'a name with 16 characters, which is too long for a field,',
    '[{ name: expansion_of_all, file: a.yaml }]',
    'must have at most 15 characters',
  ],
  [
    'a where that no lead meets',
    '[{ name: a, file: a.yaml, where: { field: company.employees, gte: 10, lt: 5 } }]',
    'the model a can score no lead: no number is from 10 and below 5.',
  ],
  [
    'a where without a field',
    '[{ name: a, file: a.yaml, where: { is: lead } }]',
    'does not say which field it is about',
  ],
  ['no model', '[]', 'models'],
])('%s is an error that says how to correct it', (_, models, part) => {
  expect(messages(`models: ${models}`).join('\n')).toContain(part);
  expect(readModelSet(`models: ${models}`, 'models.yaml').set).toBeNull();
});

test('with the longest name, no field has more characters than Salesforce and HubSpot allow', () => {
  const longest = 'new_business_eu';
  expect(longest).toHaveLength(15);
  expect(messages(`models: [{ name: ${longest}, file: a.yaml }]`)).toEqual([]);
  for (const field of SCORE_FIELDS) {
    // A name of Salesforce has 40 characters without its `__c`, one of HubSpot 100.
    expect(salesforceProperty(longest, field).replace(/__c$/, '').length).toBeLessThanOrEqual(40);
    expect(hubspotProperty(longest, field).length).toBeLessThanOrEqual(100);
  }
});
