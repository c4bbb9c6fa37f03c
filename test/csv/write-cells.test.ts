// A spreadsheet opens what we write without running what somebody typed into a form.
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DELIMITERS } from '../../src/csv/form.ts';
import { withoutFormula, writeCells } from '../../src/csv/write-cells.ts';

test.each([
  '=HYPERLINK("http://x","y")',
  '@SUM(A1)',
  '+cmd|x',
  '-2+A1',
  '-2+3+cmd|x',
  '\t=1',
  '\r=1',
  ' =1+1',
  '＝1',
  '=1',
])('%j gets an apostrophe', (text) => expect(withoutFormula(text)).toBe(`'${text}`));

test.each([
  '-12',
  '+49.5',
  '-1.5E+10',
  '-1,200.50',
  '-5 %',
  '+49 (170) 123-45',
  '-',
  '--',
  'a=b',
  "'=1",
  '',
  '2026-11-22',
  'Total -8 = fit',
])('%j stays as it is', (text) => expect(withoutFormula(text)).toBe(text));

const letters = fc.constantFrom(...'=+-@\t\r\n",;|\'aA1 .(%EeＺ＝'.split(''));
const cell = fc.oneof(fc.string({ unit: letters, maxLength: 8 }), fc.string({ maxLength: 8 }));

test('what is written is read back as it was or behind an apostrophe, and only numbers begin with a sign', () => {
  const row = fc.array(cell, { minLength: 2, maxLength: 5 });
  fc.assert(
    fc.property(row, fc.constantFrom(...Object.values(DELIMITERS)), (cells, delimiter) => {
      const [back = []] = parse(`${writeCells(cells, delimiter)}\r\n`, { delimiter });
      expect(back).toHaveLength(cells.length);
      back.forEach((text, place) => {
        expect([cells[place], `'${cells[place]}`]).toContain(text);
        expect(text).not.toMatch(/^\s*[=@＝]|^[\t\r\n]/);
        if (/^\s*[+-]/.test(text)) expect(text).not.toMatch(/[a-df-zA-DF-Z|!=@]/);
      });
      expect(cells.map(withoutFormula).map(withoutFormula)).toEqual(cells.map(withoutFormula));
    }),
    { numRuns: 500 },
  );
});

test('a formula stays inside its cell even for a spreadsheet that splits at another delimiter', () => {
  expect(writeCells(['a,=1+1', 'b;=1', 'c'], ';')).toBe('"a,=1+1";"b;=1";c');
});
