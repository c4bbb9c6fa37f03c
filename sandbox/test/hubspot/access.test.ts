// Access to the HubSpot sandbox: tokens, scopes and tiers.
import { expect, test } from 'vitest';
import { startTestSandbox, type TestSandbox } from './sandbox-under-test.ts';

let sandbox: TestSandbox;

const CONTACTS = '/crm/objects/2026-03/contacts';
const EVENTS = '/events/event-occurrences/2026-03?objectType=contact&eventType=e_visited_page';

test.each([
  ['no token', {}],
  ['a wrong token', { authorization: 'Bearer pat-na1-wrong' }],
  ['another scheme', { authorization: 'Basic eDp5' }],
])('a request with %s gets a 401 without rate-limit headers', async (_name, headers) => {
  sandbox = await startTestSandbox();
  const response = await fetch(`${sandbox.url}${CONTACTS}`, { headers });
  expect(response.status).toBe(401);
  expect(await response.json()).toMatchObject({ status: 'error', category: 'INVALID_AUTHENTICATION' });
  expect(response.headers.get('x-hubspot-ratelimit-max')).toBeNull();
});

test('a request without the required scope gets a 403 that names the scope', async () => {
  sandbox = await startTestSandbox({ scopes: ['oauth', 'crm.objects.contacts.read'] });
  const calls: [string, string, unknown, string][] = [
    ['POST', `${CONTACTS}/batch/update`, { inputs: [{ id: '1', properties: {} }] }, 'crm.objects.contacts.write'],
    ['GET', '/crm/objects/2026-03/companies', undefined, 'crm.objects.companies.read'],
    ['GET', '/crm/objects/2026-03/emails', undefined, 'sales-email-read'],
    ['GET', '/marketing/v3/forms', undefined, 'forms'],
    ['GET', '/email/public/v1/events', undefined, 'content'],
    ['POST', '/crm/lists/2026-03/search', { count: 1 }, 'crm.lists.read'],
    ['GET', '/marketing/marketing-events/2026-03', undefined, 'crm.objects.marketing_events.read'],
    ['POST', '/crm/properties/2026-03/contacts/groups', { name: 'g', label: 'G' }, 'crm.schemas.contacts.write'],
  ];
  for (const [method, path, body, scope] of calls) {
    const response = await sandbox.call(method, path, body);
    expect(response.status).toBe(403);
    expect(response.body.category).toBe('MISSING_SCOPES');
    expect(response.body.errors[0].context.requiredGranularScopes).toContain(scope);
    expect(response.body.context.requiredGranularScopes).toContain(scope);
  }
  expect((await sandbox.call('GET', CONTACTS)).status).toBe(200);
});

test.each([
  ['free', 403, 403],
  ['pro', 200, 403],
  ['enterprise', 200, 200],
] as const)(
  'a %s account gets %i for events of marketing e-mails, and %i for page visits',
  async (tier, emails, visits) => {
    sandbox = await startTestSandbox({ tier });
    const status = async (method: string, path: string, body?: object) =>
      (await sandbox.call(method, path, body)).status;
    expect(await status('GET', '/email/public/v1/events')).toBe(emails);
    expect(await status('GET', EVENTS)).toBe(visits);
    expect(await status('POST', '/crm/lists/2026-03/search', { count: 1 })).toBe(200);
    expect(await status('GET', '/marketing/marketing-events/2026-03')).toBe(200);
  },
);
