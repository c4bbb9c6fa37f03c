// Random conditions, compared with a filter written in TypeScript, and random text as values.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Org } from '../../salesforce/org/org.ts';
import { runQuery } from '../../salesforce/soql/run-query.ts';
import { NOW } from './sandbox-under-test.ts';

interface Row {
  readonly LastName: string;
  readonly Title: string | null;
  readonly NumberOfEmployees: number | null;
  readonly HasOptedOutOfEmail: boolean;
}

interface Condition {
  readonly soql: string;
  readonly matches: (row: Row) => boolean;
}

const clock = { now: () => NOW.getTime(), setTime: () => {} };
// Line ends must be escaped; the sandbox's parser also treats U+2028 and U+2029 as line ends.
const LINE_ENDS: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};
const quoted = (text: string) =>
  `'${text.replace(/[\\']/g, '\\$&').replace(/[\n\r\u2028\u2029]/g, (end) => LINE_ENDS[end] ?? end)}'`;

function found(rows: readonly Row[], where: string): string[] {
  const org = new Org({ clock, sharedActivities: false, hiddenFields: [] });
  for (const row of rows) org.add('Lead', { ...row });
  const scope = { all: false, tooling: false };
  return runQuery(org, `SELECT LastName FROM Lead WHERE ${where} ORDER BY Id`, scope).records.map(({ values }) =>
    String(values.LastName),
  );
}

const title = fc.constantFrom('VP', 'vp', 'Head of "it"', "O'Neil", 'a\\b', '50%', 'x_y', 'two\nlines');
const row = fc.record({
  LastName: fc.string({ minLength: 1, maxLength: 4 }),
  Title: fc.option(title),
  NumberOfEmployees: fc.option(fc.integer({ min: -3, max: 3 })),
  HasOptedOutOfEmail: fc.boolean(),
});

const equalsIgnoringCase = (a: string | null, b: string) => a?.toLowerCase() === b.toLowerCase();
const comparison: fc.Arbitrary<Condition> = fc.oneof(
  title.map((value) => ({
    soql: `Title = ${quoted(value)}`,
    matches: ({ Title }: Row) => equalsIgnoringCase(Title, value),
  })),
  title.map((value) => ({
    soql: `Title != ${quoted(value)}`,
    matches: ({ Title }: Row) => !equalsIgnoringCase(Title, value),
  })),
  fc.array(title, { minLength: 1, maxLength: 3 }).map((values) => ({
    soql: `Title IN (${values.map(quoted).join(',')})`,
    matches: ({ Title }: Row) => values.some((value) => equalsIgnoringCase(Title, value)),
  })),
  fc.constant({ soql: 'Title = null', matches: ({ Title }: Row) => Title === null }),
  fc.integer({ min: -3, max: 3 }).map((n) => ({
    soql: `NumberOfEmployees >= ${n}`,
    matches: ({ NumberOfEmployees }: Row) => NumberOfEmployees !== null && NumberOfEmployees >= n,
  })),
  fc.integer({ min: -3, max: 3 }).map((n) => ({
    soql: `NumberOfEmployees != ${n}`,
    matches: ({ NumberOfEmployees }: Row) => NumberOfEmployees !== n,
  })),
  fc.boolean().map((value) => ({
    soql: `HasOptedOutOfEmail = ${value}`,
    matches: ({ HasOptedOutOfEmail }: Row) => HasOptedOutOfEmail === value,
  })),
);

const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    comparison,
    fc
      .tuple(fc.constantFrom('AND', 'OR'), fc.array(tie('condition'), { minLength: 2, maxLength: 3 }))
      .map(([word, parts]) => ({
        soql: `(${parts.map(({ soql }) => soql).join(` ${word} `)})`,
        matches: (each: Row) =>
          word === 'AND' ? parts.every(({ matches }) => matches(each)) : parts.some(({ matches }) => matches(each)),
      })),
    tie('condition').map(({ soql, matches }) => ({ soql: `(NOT (${soql}))`, matches: (each: Row) => !matches(each) })),
  ),
}));
// The parser loses the third of three NOTs that only parentheses separate. The parentheses then do
// not match, so such a query is an error.
const readable = condition.filter(({ soql }) => !/NOT[ (]+NOT[ (]+NOT/.test(soql));

test('a query with random nested conditions finds the same records as a filter in TypeScript', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 12 }), readable, (rows, { soql, matches }) => {
      expect(found(rows, soql)).toEqual(rows.filter(matches).map(({ LastName }) => LastName));
    }),
    { numRuns: 300 },
  );
});

test('a query for any quoted text finds only the record with this text', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(text, (value) => {
      const rows = ['a', 'b'].map((LastName) => ({
        LastName,
        Title: null,
        NumberOfEmployees: null,
        HasOptedOutOfEmail: false,
      }));
      expect(
        found(
          [...rows, { ...rows[0]!, LastName: value }],
          `LastName = ${quoted(value)} AND LastName != 'a' AND LastName != 'b'`,
        ),
      ).toEqual(equalsIgnoringCase(value, 'a') || equalsIgnoringCase(value, 'b') ? [] : [value]);
    }),
    { numRuns: 300, examples: [['\u2028'], ['\u2029'], ['\r\n'], ["\\'"]] },
  );
});

test('LIKE treats % and _ as wildcards unless they are escaped', () => {
  const pattern = fc.array(fc.constantFrom('%', '_', 'a', 'B', '\\%', '\\_', '.', '*'), { minLength: 1, maxLength: 6 });
  const text = fc.array(fc.constantFrom('a', 'b', '%', '_', '.', '*'), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(pattern, text, (parts, letters) => {
      const value = letters.join('');
      const rows = [{ LastName: value, Title: null, NumberOfEmployees: null, HasOptedOutOfEmail: false }];
      expect(found(rows, `LastName LIKE '${parts.join('')}'`).length).toBe(matchesLike(parts, value) ? 1 : 0);
    }),
    { numRuns: 300 },
  );
});

/** Matches a LIKE pattern character by character, without regular expressions. */
function matchesLike([part, ...rest]: readonly string[], text: string): boolean {
  if (part === undefined) return text === '';
  if (part === '%') return matchesLike(rest, text) || (text !== '' && matchesLike([part, ...rest], text.slice(1)));
  const plain = part.startsWith('\\') ? part.slice(1) : part;
  const fits = text !== '' && (part === '_' || text[0]!.toLowerCase() === plain.toLowerCase());
  return fits && matchesLike(rest, text.slice(1));
}

test('a query that the parser misreads is an error, not a wrong result', () => {
  expect(() => found([], '(NOT (NOT (NOT (Title = null))))')).toThrow(/unexpected token/);
});
