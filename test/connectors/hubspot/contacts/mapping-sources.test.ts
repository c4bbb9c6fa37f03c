import { expect, test } from 'vitest';
import { create } from '../../../../connectors/hubspot/index.ts';
import { readMapping } from '../../../../src/mapping/mapping.ts';
import { createMemoryLimiter } from '../../../support/memory-limiter.ts';

const SETTINGS = {
  HUBSPOT_ACCESS_TOKEN: 'x',
  HUBSPOT_API_URL: 'http://127.0.0.1:1',
  HUBSPOT_API_VERSION: '2026-03',
  HUBSPOT_FORMS_SECONDS: 30,
} as const;

function connect(text: string) {
  const { mapping } = readMapping(text, 'hubspot.yaml');
  if (mapping === null) throw new Error('The mapping of the test is not valid.');
  const clock = { now: () => new Date(0) };
  return create({ settings: SETTINGS, mapping, limiter: createMemoryLimiter(), clock });
}

test('a mapping with unknown sources is refused with an error that names each field, its source and the known sources', () => {
  const mapping = `
crm: hubspot
fields:
  contact.email: { from: contacts.email }
  contact.budget: { from: deals.amount }
activities:
  - { from: meetingz, type: meeting, at: hs_timestamp }
write_back: { status: leadgrade_status }
`;
  expect(() => connect(mapping)).toThrow(
    /fields\.contact\.budget\.from: "deals" \(known: contacts, companies\); activities\[0\]\.from: "meetingz" \(known: meetings/,
  );
});
