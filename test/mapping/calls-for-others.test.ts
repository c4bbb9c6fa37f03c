// The share of a CRM's daily calls that a mapping leaves to other apps.
import { expect, test } from 'vitest';
import { usableCallShare } from '../../src/mapping/calls-for-others.ts';
import { readMapping } from '../../src/mapping/mapping.ts';

const read = (share: string) =>
  readMapping(`crm: hubspot\nfields: {}\ncalls_for_others: ${share}\nwrite_back: {}\n`, 'hubspot.yaml');

test('a mapping leaves the given share of the calls to others, or that of its CRM', () => {
  const { mapping } = read('12.5%');
  expect(usableCallShare(mapping ?? {}, '10%')).toBe(0.875);
  expect(usableCallShare({}, '20%')).toBe(0.8);
  expect(read('0%').mapping).not.toBeNull();
});

test.each(['96%', '-1%', '0.1', '10', 'half'])(
  'a mapping that leaves %s of the calls to others is refused with the form to write',
  (share) => {
    const { mapping, problems } = read(share);
    expect(mapping).toBeNull();
    expect(problems).toMatchObject([{ path: expect.stringContaining('calls_for_others') }]);
    expect(JSON.stringify(problems)).toContain('10%');
  },
);
