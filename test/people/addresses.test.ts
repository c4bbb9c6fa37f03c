// The normal form of e-mail addresses.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressesIn, normalAddress, withoutTag } from '../../src/domain/email-address.ts';

describe('the normal form of an address', () => {
  test.each([
    ['upper case', 'Anna.Berg@ACME.Example'],
    ['spaces around it', '  anna.berg@acme.example\u00a0'],
    ['mailto:', 'mailto:anna.berg@acme.example?subject=Hi'],
    ['a display name', 'Anna Berg <Anna.Berg@acme.example>'],
    ['a display name with a comma', '"Berg, Anna" <anna.berg@acme.example>'],
    ['a dot at the end', 'anna.berg@acme.example.'],
    ['quotes', "'anna.berg@acme.example'"],
    ['an invisible character', 'anna.berg@acme\u200b.example'],
  ])('has no %s', (_what, text) => {
    expect(normalAddress(text)).toBe('anna.berg@acme.example');
  });

  test('has a domain in ASCII, however it was typed', () => {
    const ascii = 'anna@xn--mller-kva.example';
    for (const text of ['anna@müller.example', 'ANNA@MÜLLER.EXAMPLE', 'anna@mu\u0308ller.example', ascii]) {
      expect(normalAddress(text)).toBe(ascii);
    }
  });

  test('keeps dots and tags before the @: the CRMs take them for other addresses', () => {
    expect(normalAddress('a.n.na+demo@gmail.com')).toBe('a.n.na+demo@gmail.com');
    expect(withoutTag('a.n.na+demo@gmail.com')).toBe('a.n.na@gmail.com');
    expect(withoutTag('+demo@gmail.com')).toBe('+demo@gmail.com');
  });

  test.each([
    '',
    'unknown',
    '@acme.example',
    'anna@',
    'anna',
    `${'a'.repeat(320)}@acme.example`,
    'a@x.example; b@x.example',
  ])('does not exist for %j', (text) => {
    expect(normalAddress(text)).toBeNull();
  });

  test('is found for every address of a list', () => {
    expect(addressesIn('a@x.example;B@x.example, c@x.example  a@X.example')).toEqual([
      'a@x.example',
      'b@x.example',
      'c@x.example',
    ]);
  });

  test('of a normal form is the same', () => {
    fc.assert(
      fc.property(fc.oneof(fc.emailAddress(), fc.string()), (text) => {
        for (const address of addressesIn(text)) expect(addressesIn(address)).toEqual([address]);
      }),
    );
  });
});
