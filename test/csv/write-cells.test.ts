// A spreadsheet opens a file of ours without running a formula from a form.
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DELIMITERS } from '../../src/csv/dialect.ts';
import { escapeFormula, writeCells } from '../../src/csv/write-cells.ts';

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
])('the cell %j is a formula and gets an apostrophe', (text) => expect(escapeFormula(text)).toBe(`'${text}`));

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
])('the cell %j is not a formula and is written unchanged', (text) => expect(escapeFormula(text)).toBe(text));

const letters = fc.constantFrom(...'=+-@\t\r\n",;|\'aA1 .(%EeＺ＝'.split(''));
const cell = fc.oneof(fc.string({ unit: letters, maxLength: 8 }), fc.string({ maxLength: 8 }));

test('a written cell is read back unchanged or after an apostrophe, and only numbers begin with a sign', () => {
  const row = fc.array(cell, { minLength: 2, maxLength: 5 });
  fc.assert(
    fc.property(row, fc.constantFrom(...Object.values(DELIMITERS)), (cells, delimiter) => {
      const [back = []] = parse(`${writeCells(cells, delimiter)}\r\n`, { delimiter });
      expect(back).toHaveLength(cells.length);
      back.forEach((text, index) => {
        expect([cells[index], `'${cells[index]}`]).toContain(text);
        expect(text).not.toMatch(/^\s*[=@＝]|^[\t\r\n]/);
        if (/^\s*[+-]/.test(text)) expect(text).not.toMatch(/[a-df-zA-DF-Z|!=@]/);
      });
      expect(cells.map(escapeFormula).map(escapeFormula)).toEqual(cells.map(escapeFormula));
    }),
    { numRuns: 500 },
  );
});

test('a formula stays inside its cell in a spreadsheet that splits at another delimiter', () => {
  expect(writeCells(['a,=1+1', 'b;=1', 'c'], ';')).toBe('"a,=1+1";"b;=1";c');
});
