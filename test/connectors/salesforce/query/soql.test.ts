// No value can change the structure of a query: with any text, the query parses to the same
// structure and the text is unchanged.
import { parseQuery, type WhereClause } from '@jetstreamapp/soql-parser-js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  all,
  any,
  type Condition,
  compare,
  count,
  id,
  instant,
  isId,
  oneOfIds,
  oneOfTexts,
  select,
  text,
} from '../../../../connectors/salesforce/query/soql.ts';
import { stringOf } from '../../../../sandbox/salesforce/soql/literals.ts';

const ID = '00Q5g00000AbCdEAAV';

/** Any text, above all texts that resemble SOQL. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc
    .array(
      fc.constantFrom(
        "'",
        '\\',
        "\\'",
        '"',
        '\n',
        '\r',
        '\t',
        ' OR ',
        ' = ',
        '(',
        ')',
        ',',
        '%',
        '_',
        '--',
        '{',
        ':x',
        'x',
        'é',
        '\u2028',
        '\u0000',
      ),
    )
    .map((parts) => parts.join('')),
);

/** The conditions of a query in order: field, operator, values as written. */
function conditionsOf(where: WhereClause | undefined): unknown[] {
  const found: unknown[] = [];
  for (let link: WhereClause | undefined = where; link !== undefined && link !== null; ) {
    const { left } = link;
    if (left !== null && 'field' in left && 'value' in left) found.push([left.field, left.operator, left.value]);
    else if (left !== null) found.push(left);
    link = 'right' in link ? link.right : undefined;
  }
  return found;
}

function parsed(where: Condition) {
  const query = parseQuery(
    select({ fields: ['Id', 'Account.Name'], from: 'Contact', where, orderBy: ['Id'], limit: 7 }),
  );
  const { where: _, ...others } = query;
  expect(others).toMatchObject({ sObject: 'Contact', limit: 7, orderBy: [{ field: 'Id' }] });
  expect(query.fields).toHaveLength(2);
  expect(Object.keys(others).toSorted()).toEqual(['fields', 'limit', 'orderBy', 'sObject']);
  return conditionsOf(query.where);
}

const literalOf = (value: string) => text(value).soql;
const decoded = (value: string) => stringOf({ type: 'STRING', text: literalOf(value) }, false);

describe('a text', () => {
  test('any text becomes one literal that decodes to the same text', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        expect(parsed(compare('LastName', '=', text(value)))).toEqual([['LastName', '=', literalOf(value)]]);
        expect(decoded(value)).toBe(value);
      }),
      { numRuns: 2_000 },
    );
  });

  test('any list of texts becomes as many literals', () => {
    fc.assert(
      fc.property(fc.array(anyText, { minLength: 1, maxLength: 8 }), (values) => {
        const where = all(oneOfTexts('Name', values), compare('IsDeleted', '=', false));
        expect(parsed(where)).toEqual(
          [
            ['Name', 'IN', values.map(literalOf)],
            ['IsDeleted', '=', 'FALSE'],
          ].map(([field, operator, value]) => [
            field,
            operator,
            expect.toSatisfy((found) => String(found).toLowerCase() === String(value).toLowerCase()),
          ]),
        );
        expect(values.map(decoded)).toEqual(values);
      }),
      { numRuns: 500 },
    );
  });

  test.each(["x' OR Id != '", "\\' OR Id != \\'", 'x\\', "'", "\\\\'", "'; DELETE"])(
    'the text %s does not end its literal',
    (value) => {
      expect(parsed(compare('Name', '=', text(value)))).toEqual([['Name', '=', literalOf(value)]]);
      expect(decoded(value)).toBe(value);
    },
  );
});

describe('an id', () => {
  test('an ID has 15 or 18 letters and digits; any other text is refused by an error that does not quote it', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        expect(isId(value)).toBe(false);
        expect(() => id(value)).toThrow(RangeError);
        expect(() => oneOfIds('Id', [ID, value])).toThrow(RangeError);
        if (value.length > 8) expect(() => id(value)).not.toThrow(value);
      }),
    );
    for (const near of [`${ID}\n`, ` ${ID}`, ID.slice(0, 16), `${ID}A`, "00Q5g00000AbCd'", 'é0Q5g00000AbCdE']) {
      expect(isId(near)).toBe(false);
    }
    expect([id(ID).soql, id(ID.slice(0, 15)).soql]).toEqual([`'${ID}'`, `'${ID.slice(0, 15)}'`]);
  });
});

describe('a name', () => {
  const NAMES = ['Id', 'Account.Industry', 'Leadgrade_Fit_Score__c', 'My_Ref__r.Owner.Name'];

  test.each(NAMES)('%s is a valid name', (name) => {
    expect(select({ fields: [name], from: 'Lead' })).toBe(`SELECT ${name} FROM Lead`);
  });

  test('an invalid name is refused in every part of a query', () => {
    const invalidName = anyText.filter((value) => !/^[a-zA-Z]\w*(\.[a-zA-Z]\w*)*$/.test(value));
    fc.assert(
      fc.property(invalidName, (value) => {
        expect(() => select({ fields: [value], from: 'Lead' })).toThrow(RangeError);
        expect(() => select({ fields: ['Id'], from: value })).toThrow(RangeError);
        expect(() => select({ fields: ['Id'], from: 'Lead', orderBy: [value] })).toThrow(RangeError);
        expect(() => count({ from: value })).toThrow(RangeError);
        expect(() => compare(value, '=', true)).toThrow(RangeError);
        expect(() => oneOfTexts(value, ['x'])).toThrow(RangeError);
        expect(() => oneOfIds(value, [ID])).toThrow(RangeError);
      }),
    );
    for (const near of ['Id FROM User', 'Id,Email', '1Id', '.Id', 'Id.', 'A..B', 'Id\n', 'FIELDS(ALL)', 'İd']) {
      expect(() => select({ fields: [near], from: 'Lead' })).toThrow(RangeError);
    }
  });
});

test('nested conditions are put in parentheses, and an empty condition is refused', () => {
  const [a, b, c] = [compare('A', '=', true), compare('B', '=', true), compare('C', '=', true)];
  expect(all(any(a, b), c).soql).toBe('((A = true) OR (B = true)) AND (C = true)');
  expect(any(all(a, b), c).soql).toBe('((A = true) AND (B = true)) OR (C = true)');
  expect(all(a).soql).toBe('A = true');
  expect(() => all()).toThrow(RangeError);
  expect(() => oneOfIds('Id', [])).toThrow(RangeError);
  expect(() => oneOfTexts('Name', [])).toThrow(RangeError);
});

test('an instant is written in whole seconds of UTC, and NaN is refused', () => {
  expect(instant(Date.parse('2026-03-10T12:00:00.999Z')).soql).toBe('2026-03-10T12:00:00Z');
  expect(() => instant(Number.NaN)).toThrow(RangeError);
});

test('a field that is requested twice is selected once', () => {
  expect(select({ fields: ['Id', 'Email', 'Id'], from: 'Lead' })).toBe('SELECT Id,Email FROM Lead');
});
