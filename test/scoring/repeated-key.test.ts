// JSON.parse keeps the last of two equal keys without a word: a lead would silently lose fields.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findRepeatedKey } from '../../src/scoring/lead-input/repeated-key.ts';

const find = (text: string) => findRepeatedKey(text, JSON.parse(text));

test.each([
  ['{"id":"1","id":"2"}', 'id'],
  ['{"id":"1","fields":{"title":"VP","title":"CEO"}}', 'fields.title'],
  ['{"activities":[{"id":"a"},{"id":"b","at":1,"id":"c"}]}', 'activities[1].id'],
  ['{"activities":[{"attributes":{"x":{},"x":[]}}]}', 'activities[0].attributes.x'],
  ['{"a": 1, "\\u0061" : 2}', 'a'],
  ['{"a\\"b":1,"a\\"b":2}', 'a"b'],
  ['{"__proto__":1,"__proto__":2}', '__proto__'],
])('in %s the key %s stands twice', (text, path) => expect(find(text)).toBe(path));

test.each([
  '{"fields":{"id":"1"},"id":"1"}',
  '{"a":"{\\"b\\":1,\\"b\\":2}"}',
  '{"a":"b\\":","c":"a"}',
  '{"list":[{"id":1},{"id":1}]}',
  '["a","a"]',
  '"a"',
  '1',
])('in %s each key stands once', (text) => expect(find(text)).toBeNull());

test('a key is found exactly if it stands twice in one object', () => {
  const key = fc.constantFrom('a', 'b', 'ab', ':', '{a:', '__proto__', '');
  fc.assert(
    fc.property(fc.jsonValue(), fc.array(key, { maxLength: 4 }), fc.jsonValue(), (outer, keys, inner) => {
      expect(find(JSON.stringify(outer))).toBeNull();
      const members = keys.map((name) => `${JSON.stringify(name)}: ${JSON.stringify(inner)}`);
      const text = `{"outer":${JSON.stringify(outer)},"list":[{${members.join(',')}}]}`;
      expect(find(text) !== null).toBe(new Set(keys).size < keys.length);
    }),
  );
});

test('a text of 20 million characters is read, also where it looks like a key', () => {
  const text = JSON.stringify({ id: 'a', note: `":${'x'.repeat(20_000_000)}` });
  expect(findRepeatedKey(text, JSON.parse(text))).toBeNull();
});
