// No ID, name or value changes the structure of a request: HubSpot receives exactly the path, the
// query and the JSON that were meant.
import fc from 'fast-check';
import nock from 'nock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { ApiPaths } from '../../../../connectors/hubspot/http/api-version.ts';
import { createHttp } from '../../../../connectors/hubspot/http/client.ts';
import { settingsSchema } from '../../../../connectors/hubspot/index.ts';
import { batchRead } from '../../../../connectors/hubspot/objects/batch-read.ts';
import { readLinks } from '../../../../connectors/hubspot/objects/links.ts';
import { listPage, SEARCH_PAGE, searchPage } from '../../../../connectors/hubspot/objects/object-reads.ts';
import { ConnectorError } from '../../../../src/crm/connector-error.ts';
import { mappingSchema } from '../../../../src/mapping/mapping.ts';
import { createMemoryLimiter } from '../../../support/memory-limiter.ts';
import { connect, hubspot, NOW, shippedMapping } from '../hubspot-fixture.ts';

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

let sent: Sent[] = [];
let answer: unknown;

beforeEach(() => {
  nock.disableNetConnect();
  for (const method of ['GET', 'POST', 'PATCH']) {
    hubspot()
      .persist()
      .intercept(/^/, method)
      .reply(async (request: Request) => {
        const { pathname, searchParams } = new URL(request.url);
        const text = await request.text();
        const body: unknown = text === '' ? null : JSON.parse(text);
        sent.push({ method, path: pathname, query: Object.fromEntries(searchParams), body });
        return [200, JSON.stringify(answer)];
      });
  }
});
afterEach(() => {
  nock.cleanAll();
  nock.enableNetConnect();
});

const settings = settingsSchema.parse({ HUBSPOT_ACCESS_TOKEN: 'test-token' });
const retryOptions = { timeoutMs: 2_000, retries: 0, initialDelayMs: 1, maxThrottleWaitMs: 0 };
const http = createHttp({
  settings,
  callShare: 1,
  limiter: createMemoryLimiter(),
  clock: { now: () => NOW },
  retryOptions,
});
const { signal } = new AbortController();

const HOSTILE = [
  '',
  '.',
  '..',
  '../..',
  '%2e%2e',
  '1?archived=true',
  '1#x',
  '1&after=2',
  '\\',
  '/',
  '{"a":1}',
  '\uD800',
];

/** Any text, above all texts that resemble a part of a path, of a query or of JSON. */
const anyText = fc.oneof(
  fc.constantFrom(
    ...HOSTILE,
    '1;2',
    '__proto__',
    '","operator":"HAS_PROPERTY',
    '*',
    '//evil.example',
    ' ',
    '\r\nX-A: b',
  ),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }),
  fc
    .array(fc.constantFrom('.', '/', '%', '2e', '2f', '?', '#', '&', '=', '"', '\\', '1'), { minLength: 1 })
    .map((parts) => parts.join('')),
);
const texts = fc.array(anyText, { minLength: 1, maxLength: 3 });
const isInAPath = (text: string) => text !== '' && text !== '.' && text !== '..' && text.isWellFormed();

async function requestsOf(act: () => Promise<unknown>, response: unknown): Promise<readonly Sent[]> {
  sent = [];
  answer = response;
  await act();
  return sent;
}

const PATHS: readonly (readonly [what: string, path: (paths: ApiPaths, text: string) => string, meant: string])[] = [
  ['a contact', (paths, id) => paths.one('contacts', id), '/crm/objects/2026-03/contacts/*'],
  ['a property', (paths, name) => paths.property('contacts', name), '/crm/properties/2026-03/contacts/*'],
  ['a list', (paths, id) => paths.listMembers(id), '/crm/lists/2026-03/*/memberships/join-order'],
  [
    'a marketing event',
    (paths, id) => paths.participations(id),
    '/marketing/marketing-events/2026-03/participations/*/breakdown',
  ],
  ['a form', (paths, id) => paths.formSubmissions(id), '/form-integrations/v1/submissions/forms/*'],
  ['a campaign', (paths, id) => paths.emailCampaign(id), '/email/public/v1/campaigns/*'],
];

test.each(PATHS)('the ID or name of %s is one segment of the path, whatever it is', async (_what, pathOf, meant) => {
  await fc.assert(
    fc.asyncProperty(anyText, anyText, async (id, token) => {
      const read = async () => {
        const path = pathOf(http.paths, id);
        await http.call({ what: 'reading', path, query: { after: token }, responseSchema: z.unknown() }, signal);
      };
      const requests = await requestsOf(() => read().catch(refusal), {});
      const [before = '', behind = ''] = meant.split('*');
      const query = { after: token.toWellFormed() };
      expect(requests.map(({ path, ...rest }) => ({ ...rest, id: segment(path, before, behind) }))).toEqual(
        isInAPath(id) ? [{ method: 'GET', query, body: null, id }] : [],
      );
    }),
    { numRuns: 20, examples: HOSTILE.map((id) => [id, id]) },
  );
});

/** No request is made for an ID that no path can contain. */
function refusal(error: unknown): void {
  if (!(error instanceof ConnectorError) || error.code !== 'BAD_ID') throw error;
}

function segment(path: string, before: string, behind: string): string {
  const text = path.slice(before.length, path.length - behind.length);
  expect(path).toBe(`${before}${text}${behind}`);
  expect(text).not.toContain('/');
  return decodeURIComponent(text);
}

describe('a text in a request stays one value of its JSON', () => {
  test('as an ID, a property and a value of a search', async () => {
    const search = fc.record({ names: texts, name: anyText, value: anyText });
    await fc.assert(
      fc.asyncProperty(search, async ({ names, name, value }) => {
        const filters = [{ propertyName: name, operator: 'GT', value } as const];
        const request = { type: 'contacts', properties: names, filters, sortBy: name };
        expect(await requestsOf(() => searchPage(http, request, signal), { results: [] })).toEqual([
          {
            method: 'POST',
            path: '/crm/objects/2026-03/contacts/search',
            query: {},
            body: {
              filterGroups: [{ filters }],
              sorts: [{ propertyName: name, direction: 'ASCENDING' }],
              properties: names,
              limit: SEARCH_PAGE,
            },
          },
        ]);
      }),
      { numRuns: 40 },
    );
  });

  test('as an ID of a batch, and of links', async () => {
    await fc.assert(
      fc.asyncProperty(texts, texts, async (ids, properties) => {
        const inputs = [...new Set(ids)].map((id) => ({ id }));
        const request = { type: 'contacts', ids, properties, idProperty: 'email' };
        const answers = { results: [], errors: [] };
        expect(await requestsOf(() => batchRead(http, request, signal), answers)).toEqual([
          {
            method: 'POST',
            path: '/crm/objects/2026-03/contacts/batch/read',
            query: {},
            body: { inputs, properties, idProperty: 'email' },
          },
        ]);
        const links = { from: 'contacts', to: 'companies', ids };
        expect(await requestsOf(() => readLinks(http, links, signal), answers)).toEqual([
          {
            method: 'POST',
            path: '/crm/associations/2026-03/contacts/companies/batch/read',
            query: {},
            body: { inputs },
          },
        ]);
      }),
      { numRuns: 40 },
    );
  });

  test('as a page token of a list', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, async (after) => {
        const request = { type: 'contacts', properties: ['email'], after };
        const query = { limit: '100', properties: 'email', archived: 'false', after: after.toWellFormed() };
        expect(await requestsOf(() => listPage(http, request, signal), { results: [] })).toEqual([
          { method: 'GET', path: '/crm/objects/2026-03/contacts', query, body: null },
        ]);
      }),
      { numRuns: 40 },
    );
  });

  test('as a status, an explanation and the ID of a contact that is written', async () => {
    const { connector } = connect(retryOptions);
    const { write_back: names } = shippedMapping();
    await fc.assert(
      fc.asyncProperty(anyText, anyText, anyText, async (id, status, explanation) => {
        const patch = { ref: { object: 'contacts', id }, values: { status, explanation } };
        const properties = { [names.status ?? '']: status, [names.explanation ?? '']: explanation };
        const written = { results: [{ id, properties }] };
        expect(await requestsOf(() => connector.writeScores([patch], signal), written)).toEqual([
          {
            method: 'POST',
            path: '/crm/objects/2026-03/contacts/batch/update',
            query: {},
            body: { inputs: [{ id, properties }] },
          },
        ]);
      }),
      { numRuns: 40 },
    );
  });
});

test.each(['a,b', 'a/b', '../x', 'a?b', 'a b', '', 'a"b', '=a'])(
  'a mapping that names the property %j is refused, so that a list of properties names no other',
  (name) => {
    const mapping = { ...shippedMapping(), write_back: { status: name } };
    expect(mappingSchema.safeParse(mapping).success).toBe(false);
  },
);
