// Which names of two records with one address are clearly of two persons.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { namesDiffer } from '../../src/people/names.ts';

type Name = readonly [first: string | null, last: string | null];
const differ = ([first, last]: Name, [otherFirst, otherLast]: Name) =>
  namesDiffer({ first, last }, { first: otherFirst, last: otherLast });

describe('one person is', () => {
  const cases: readonly (readonly [why: string, a: Name, b: Name])[] = [
    ['an initial', ['Anna', 'Berg'], ['A.', 'Berg']],
    ['initials alone', ['Anna', 'Berg'], ['J', 'K']],
    ['a nickname', ['William', 'Gates'], ['Bill', 'G.']],
    ['a nickname with another last name', ['Robert', 'Smith'], ['Bob', 'Jones']],
    ['a short form', ['Katharina', 'Vogel'], ['Kat', 'Meyer']],
    ['first and last name in the other order', ['Anna', 'Berg'], ['Berg', 'Anna']],
    ['accents', ['José', 'Núñez'], ['Jose', 'Nunez']],
    ['an umlaut written as two letters', ['Jörg', 'Müller'], ['Joerg', 'Mueller']],
    ['a Scandinavian letter', ['Søren', 'Ågård'], ['Soren', 'Agard']],
    ['a middle name', ['Anna Maria', 'Berg'], ['Maria', 'Huber']],
    ['a double name written together', ['Anna-Lena', 'Berg'], ['Annalena', 'Vogt']],
    ['a married name', ['Anna', 'Berg'], ['Anna', 'Kuhn']],
    ['two last names, one of them missing', ['Lucía', 'García López'], ['L.', 'Lopez']],
    ['a particle', ['Jan', 'van der Berg'], ['J', 'Berg']],
    ['a title', ['Dr. Anna', 'Berg'], ['Anna', 'Berg-Kuhn']],
    ['a typo', ['Stephan', 'Kowalski'], ['S', 'Kowalsky']],
    ['two swapped letters', ['Anna', 'Brandt'], ['Ulrike', 'Barndt']],
    ['a missing first name', [null, 'Berg'], ['Jörg', 'Kuhn']],
    ['a missing last name', ['Anna', null], ['Jörg', 'Kuhn']],
    ['no name', [null, null], ['Jörg', 'Kuhn']],
    ['a placeholder', ['Unknown', '[not provided]'], ['Jörg', 'Kuhn']],
    ['an address in the column of the name', [null, 'anna.berg@acme.example'], ['Jörg', 'Kuhn']],
    ['a whole name in one column', [null, 'Anna Berg'], ['Anna', 'Berg']],
    ['another script', ['Ивана', 'Петрова'], ['Ivana', 'Petrova']],
    ['a name of another script in the other order', ['伟', '王'], ['王', '伟']],
  ];
  test.each(cases)('still one person: %s', (_why, a, b) => {
    expect(differ(a, b)).toBe(false);
  });
});

describe('two persons are', () => {
  const cases: readonly (readonly [why: string, a: Name, b: Name])[] = [
    ['neither name agrees', ['Anna', 'Berg'], ['Jörg', 'Kuhn']],
    ['an initial and a name that contradict', ['A.', 'Berg'], ['Jörg', 'Kuhn']],
    ['a whole name in one column', [null, 'Anna Berg'], ['Jörg', 'Kuhn']],
    ['short names that look alike', ['Ann', 'Lee'], ['Tom', 'Lei']],
    ['the initial of the first name begins the last name', ['A.', 'Berg'], ['Jörg', 'Adler']],
    ['names of another script', ['伟', '王'], ['娜', '李']],
  ];
  test.each(cases)('two persons: %s', (_why, a, b) => {
    expect(differ(a, b)).toBe(true);
  });
});

const word = fc.oneof(
  fc.constantFrom('Anna', 'A.', 'Jörg', 'Joerg', 'Berg', 'Kuhn', 'van der', 'Bill', 'William', 'Иван', ''),
  fc.string({ maxLength: 12 }),
);
const name = fc.record({ first: fc.option(word), last: fc.option(word) });

test('whether two names differ does not depend on their order', () => {
  fc.assert(
    fc.property(name, name, (a, b) => {
      expect(namesDiffer(a, b)).toBe(namesDiffer(b, a));
    }),
  );
});

test('a name never differs from itself, in any letter case and with its parts in the other order', () => {
  fc.assert(
    fc.property(name, ({ first, last }) => {
      const upper = { first: first?.toUpperCase() ?? null, last: last?.toUpperCase() ?? null };
      expect(namesDiffer({ first, last }, upper)).toBe(false);
      expect(namesDiffer({ first, last }, { first: last, last: first })).toBe(false);
    }),
  );
});
