import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkHeaders, checkSignature } from '../../../../connectors/hubspot/webhook/signature.ts';

// The examples that HubSpot publishes; the single quotes are part of the body.
const SECRET = 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy';
const URL = 'https://www.example.com/webhook_uri';
const BODY = "{'example_field':'example_value'}";
const PUBLISHED = [
  ['1693657560000', 'K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y='],
  ['1700000300000', 'RnbPH7+UMKVkbV32P8bz450N4M56aPmcru1+D3kSDtw='],
] as const;

interface Given {
  readonly method?: string;
  readonly url?: string;
  readonly body?: string | Buffer;
  readonly timestamp?: string;
  readonly signature?: string;
  readonly receivedAt?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

const AT = 1_795_000_000_000;

function request({ method = 'POST', url = URL, body = BODY, timestamp = String(AT), ...more }: Given) {
  return {
    method,
    url,
    body: Buffer.from(body),
    receivedAt: new Date(more.receivedAt ?? AT),
    headers: more.headers ?? {
      'x-hubspot-request-timestamp': timestamp,
      'x-hubspot-signature-v3': more.signature ?? sign(`${method}${url}`, body, timestamp),
    },
  };
}

/** Signs like HubSpot; `start` is the method and the decoded URL. */
function sign(start: string, body: string | Buffer, timestamp: string): string {
  return createHmac('sha256', SECRET).update(start).update(body).update(timestamp).digest('base64');
}

const reason = (given: Given) => checkSignature(SECRET, request(given))?.reason ?? null;

describe('the HubSpot signature', () => {
  test.each(PUBLISHED)('that HubSpot publishes for the timestamp %s is accepted', (timestamp, signature) => {
    expect(reason({ timestamp, signature, receivedAt: Number(timestamp) })).toBe(null);
  });

  test.each(PUBLISHED)(
    'that HubSpot publishes for the timestamp %s is refused with another secret',
    (timestamp, signature) => {
      const given = request({ timestamp, signature, receivedAt: Number(timestamp) });
      expect(checkSignature('another', given)?.reason).toBe('bad_signature');
    },
  );

  test('with any flipped bit is refused', () => {
    const valid = Buffer.from(sign(`POST${URL}`, BODY, String(AT)), 'base64');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 255 }), (bit) => {
        const invalid = Buffer.from(valid);
        invalid[bit >> 3]! ^= 1 << (bit & 7);
        return reason({ signature: invalid.toString('base64') }) === 'bad_signature';
      }),
      { numRuns: 256 },
    );
  });

  test('is refused after any byte of the body was changed, added or removed', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 64 });
    fc.assert(
      fc.property(bytes, bytes, (sent, received) => {
        const signature = sign(`POST${URL}`, Buffer.from(sent), String(AT));
        const same = Buffer.from(sent).equals(Buffer.from(received));
        return (reason({ signature, body: Buffer.from(received) }) === null) === same;
      }),
    );
  });

  test.each([
    ['letters of every script', '[{"propertyValue":"Zoë 李 🎉 İ"}]'],
    ['white space and the order of keys', '[ {"b" : 1,\r\n\t"a":2 } ]\n'],
    ['an empty body', ''],
  ])('covers the exact bytes of the body: %s', (_what, body) => {
    expect(reason({ body })).toBe(null);
    const signature = sign(`POST${URL}`, `${body} `, String(AT));
    expect(reason({ body, signature })).toBe('bad_signature');
  });

  test('covers the bytes of a body that is not text', () => {
    expect(reason({ body: Buffer.from([0xff, 0xfe, 0x00, 0x80]) })).toBe(null);
  });

  test.each([
    ['the method', { method: 'PUT' }],
    ['the URL', { url: 'https://www.example.com/webhook_uri/' }],
    ['the query', { url: `${URL}?a=1` }],
    ['the timestamp', { timestamp: String(AT + 1) }],
  ])('covers %s', (_what, other) => {
    expect(reason({ ...other, signature: sign(`POST${URL}`, BODY, String(AT)) })).toBe('bad_signature');
  });

  test.each([
    ['/a%3Ab%2Fc%3Fd%40e%21f%24g%27h%28i%29j%2Ak%2Cl%3Bm', "/a:b/c?d@e!f$g'h(i)j*k,l;m"],
    ['/a%3ab%2fc', '/a:b/c'],
    ['/caf%C3%A9%20%26%3D%23%2B%25', '/caf%C3%A9%20%26%3D%23%2B%25'],
    ['/once%253A', '/once%253A'],
    ['/p?a=%2F&b=1', '/p?a=/&b=1'],
    ['/p?back=https%3A%2F%2Fx.example%3Fq', '/p?back=https://x.example?q'],
  ])('covers the URL decoded by exactly the table of HubSpot: %s', (path, decoded) => {
    const host = 'https://www.example.com';
    const signature = sign(`POST${host}${decoded}`, BODY, String(AT));
    expect(reason({ url: `${host}${path}`, signature })).toBe(null);
  });
});

describe('the headers of a HubSpot webhook:', () => {
  test.each([-4, 4, -5, 5])('a timestamp that is %i minutes off is accepted', (minutes) => {
    expect(reason({ receivedAt: AT + minutes * 60_000 })).toBe(null);
  });

  test.each([
    [6, 'before'],
    [-6, 'after'],
  ])('a timestamp that is %i minutes off is refused as clock skew', (minutes, direction) => {
    const refused = checkSignature(SECRET, request({ receivedAt: AT + minutes * 60_000 }));
    expect(refused?.reason).toBe('clock_skew');
    expect(refused?.detail).toContain(`360 seconds ${direction} the time of this server`);
    expect(reason({ receivedAt: AT + Math.sign(minutes) * 300_001 })).toBe('clock_skew');
  });

  test.each([
    '',
    '1795000000',
    '17950000000000',
    'abcdefghijklm',
    '1795000000e03',
    ' 1795000000000',
    '-795000000000',
    '０795000000000',
  ])('the timestamp "%s" is refused', (timestamp) => {
    expect(reason({ timestamp })).toBe('bad_timestamp');
  });

  const base64 = sign(`POST${URL}`, BODY, String(AT));
  test.each([
    ['empty', ''],
    ['hexadecimal', Buffer.from(base64, 'base64').toString('hex')],
    ['too short', Buffer.from(base64, 'base64').subarray(1).toString('base64')],
    ['too long', Buffer.alloc(33).toString('base64')],
    ['without padding', base64.replace('=', '')],
    ['URL-safe', `-_${base64.slice(2)}`],
    ['with white space', ` ${base64}`],
    ['sent twice', `${base64}, ${base64}`],
    ['with extra bits at its end', `${'A'.repeat(42)}B=`],
  ])('a signature that is %s is refused before the body is read', (_what, signature) => {
    expect(reason({ signature })).toBe('bad_signature');
    expect(checkHeaders(request({ signature }))?.reason).toBe('bad_signature');
  });

  test.each([
    ['no signature', {}],
    [
      'only a signature of version 1 or 2',
      { 'x-hubspot-signature': 'ab'.repeat(32), 'x-hubspot-signature-version': 'v1' },
    ],
  ])('a request with %s is refused before the body is read', (what, headers) => {
    const given = request({ headers: { ...headers, 'x-hubspot-request-timestamp': String(AT) } });
    expect(checkHeaders(given)).toMatchObject({ reason: 'missing_signature', detail: expect.stringContaining(what) });
    expect(checkSignature(SECRET, given)?.reason).toBe('missing_signature');
  });

  test('a request without a timestamp is refused', () => {
    expect(reason({ headers: { 'x-hubspot-signature-v3': base64 } })).toBe('bad_timestamp');
  });

  test('a request with valid headers passes the check before the body is read', () => {
    expect(checkHeaders(request({ body: '' }))).toBe(null);
  });

  test('no refusal quotes the secret or the body', () => {
    const body = '[{"propertyValue":"jane@example.com"}]';
    for (const given of [{ signature: base64 }, { receivedAt: AT + 900_000 }, { timestamp: 'x' }]) {
      const text = JSON.stringify(checkSignature(SECRET, request({ body, ...given })));
      expect(text).not.toMatch(/jane|yyyy/);
    }
  });
});
