// Bodies that are small to send and costly to parse: each is answered at once, and holds no other request up.
import { expect, test } from 'vitest';
import { parseXml } from '../../../connectors/salesforce/webhook/read-xml.ts';
import { jsonLimitViolation } from '../../../src/domain/limits/json-limits.ts';
import { freshStore } from '../../store/fresh-store.ts';
import { BACKEND } from '../../support/backends.ts';
import { signed } from '../../support/hubspot-webhooks.ts';
import { patient } from '../../support/patience.ts';
import { startTestServer } from '../test-server.ts';
import { HUBSPOT, post } from '../webhooks/hubspot-sender.ts';

const store = freshStore(BACKEND);
/** An idle machine needs a tenth of it. */
const MAX_MS = patient(1_000);
const WRITE_KEY = 'a-write-key-of-the-site';
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const nestedObjects = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

async function elapsed<T>(work: () => Promise<T> | T): Promise<{ readonly result: T; readonly ms: number }> {
  const since = performance.now();
  const result = await work();
  return { result, ms: performance.now() - since };
}

test.for([
  ['nested 50,000 deep', nested(50_000)],
  ['a list of 100,000 events', `[${Array.from({ length: 100_000 }, () => '{}').join(',')}]`],
  ['one event that is nested 50,000 deep', `[{"objectId":1,"extra":${nestedObjects(50_000)}}]`],
  ['one event with 200,000 fields', `[{${Array.from({ length: 200_000 }, (_, n) => `"f${n}":1`).join(',')}}]`],
])('a signed webhook with %s is stored as unparsed, within a second', async ([, body = '']) => {
  const server = await startTestServer({ db: store.db, receivers: HUBSPOT });
  await post(server, '[]', signed('[]'));
  const { result, ms } = await elapsed(() => post(server, body, signed(body)));
  expect(result.status).toBe(200);
  expect(ms).toBeLessThan(MAX_MS);
  expect(await server.events('hubspot', 'unparsed')).toBe(1);
});

test.for([
  ['context', `{"type":"track","event":"x","userId":"1","context":${nestedObjects(50_000)}}`],
  ['context of a batch', `{"batch":[{"type":"track","event":"x","userId":"1"}],"context":${nestedObjects(50_000)}}`],
  ['properties', `{"type":"track","event":"x","userId":"1","properties":${nestedObjects(50_000)}}`],
  ['list instead of a message', nested(50_000)],
])('a site event whose %s is nested 50,000 deep is refused with 400', async ([, body = '']) => {
  const server = await startTestServer({ db: store.db, keys: [{ source: 'site', key: WRITE_KEY }] });
  const headers = { authorization: `Bearer ${WRITE_KEY}`, 'content-type': 'application/json' };
  const { result, ms } = await elapsed(() => post(server, body, headers, '/events'));
  expect(result.status).toBe(400);
  expect(ms).toBeLessThan(MAX_MS);
});

const attributes = (count: number) => Array.from({ length: count }, (_, n) => `a${n}=">"`).join(' ');

test.for([
  ['80,000 attributes', `<a ${attributes(80_000)}/>`],
  ['80,000 namespaces', `<a ${Array.from({ length: 80_000 }, (_, n) => `xmlns:n${n}="u${n}"`).join(' ')}/>`],
  [
    '80,000 attributes after a comment and a CDATA section',
    `<a><!-- ' --><![CDATA[ " ]]><b ${attributes(80_000)}/></a>`,
  ],
  ['80,000 attributes and no end', `<a ${attributes(80_000)}`],
])('XML with %s is refused without being parsed', async ([, document = '']) => {
  const { result, ms } = await elapsed(() => parseXml(document));
  expect(result.kind).toBe('malformed');
  expect(ms).toBeLessThan(MAX_MS);
});

test('an apostrophe in CDATA and an equals sign in a text are no attributes', () => {
  const text = `it's a=b `.repeat(100);
  const result = parseXml(`<a x="1"><b><![CDATA[${text}]]></b><c>${text}</c></a>`);
  expect(result).toMatchObject({ kind: 'parsed', root: { local: 'a' } });
});

test('brackets and commas in a text count for nothing', () => {
  const body = Buffer.from(JSON.stringify({ text: `${'[{,'.repeat(1_000)}\\"`, list: [1, 2] }));
  expect(jsonLimitViolation(body, { maxDepth: 2, maxValues: 10 })).toBeNull();
  expect(jsonLimitViolation(body, { maxDepth: 1, maxValues: 10 })).toBe('objects and lists are nested at most 1 deep');
  expect(jsonLimitViolation(body, { maxDepth: 2, maxValues: 2 })).toBe('a body has at most 2 values');
});
