// The block of memory of one request body.
import { createHmac, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createGrowingBody } from '../../../web/http/growing-body.ts';

const MAX_BYTES = 1_000_000;

test.each([
  ['nothing', 0, 1],
  ['one chunk', 1_000, 1_000],
  ['chunks up to a list of 256 kB', 262_144, 16_384],
  ['one byte more than a list holds', 262_145, 16_384],
  ['one chunk that is as large as a body may be', MAX_BYTES, MAX_BYTES],
  ['uneven chunks up to the largest size', MAX_BYTES, 65_521],
])('a body of %s has the bytes that were appended, in their order', (_what, bytes, chunkBytes) => {
  const sent = randomBytes(bytes);
  const body = createGrowingBody(MAX_BYTES);
  for (let at = 0; at < bytes; at += chunkBytes) body.append(Buffer.from(sent.subarray(at, at + chunkBytes)));
  expect(body.toBuffer().equals(sent)).toBe(true);
});

test('a large body can be signed, decoded and parsed like any other buffer', () => {
  const text = JSON.stringify(['é'.repeat(200_000)]);
  const body = createGrowingBody(MAX_BYTES);
  for (let at = 0; at < Buffer.byteLength(text); at += 50_000) body.append(Buffer.from(text).subarray(at, at + 50_000));
  const received = body.toBuffer();
  const sign = (data: string | Buffer) => createHmac('sha256', 'secret').update(data).digest('hex');
  expect(sign(received)).toBe(sign(text));
  expect(new TextDecoder('utf-8', { fatal: true }).decode(received) === text).toBe(true);
  expect(JSON.parse(received.toString('utf8'))).toEqual(JSON.parse(text));
});

test('a discarded large body gives back its memory at once, without a garbage collection', () => {
  const bodies = Array.from({ length: 100 }, () => createGrowingBody(MAX_BYTES));
  for (const body of bodies) body.append(Buffer.alloc(MAX_BYTES, 1));
  const held = process.memoryUsage.rss();
  for (const body of bodies) body.discard();
  expect(held - process.memoryUsage.rss()).toBeGreaterThan(50 * MAX_BYTES);
});
