import { expect, test } from 'vitest';
import { describeFindings } from '../../../jobs/read/describe-findings.ts';

test('what a night found is said per kind and stream, in the words of the items', () => {
  const none = { late: 0, deleted: 0, changed: 0 };
  const found = {
    form_submissions: { ...none, late: 3 },
    campaign_members: { ...none, deleted: 2, late: 1 },
    opportunities: { ...none, deleted: 1 },
    lists: { ...none, deleted: 4 },
    contacts: { ...none, changed: 12 },
  };
  expect(describeFindings(found)).toBe(
    'late: 3 form submissions, 1 campaign member; deleted: 2 campaign members, 1 opportunity, 4 list members; ' +
      'changed without a timestamp: 12 contacts',
  );
  expect(describeFindings({ contacts: none })).toBe('');
});
