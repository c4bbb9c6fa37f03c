// Records of CSV files as people and exporters write them. A broken row does not affect other rows.
import { expect, test } from 'vitest';
import { splitLines } from '../../src/csv/lines.ts';
import { MAX_LINES, readRecords } from '../../src/csv/records.ts';
import { collect, recordsOf } from './rows-of.ts';

const cellsOf = async (text: string, delimiter = ',') => (await recordsOf(text, delimiter)).map(({ cells }) => cells);

test.each([
  ['line feeds', 'id,name\n1,Ann\n2,Bo\n'],
  ['CRLF', 'id,name\r\n1,Ann\r\n2,Bo\r\n'],
  ['the line ends of an old Mac', 'id,name\r1,Ann\r2,Bo\r'],
  ['no line end after the last line', 'id,name\n1,Ann\n2,Bo'],
  ['blank lines and blank rows', '\nid,name\n\n1,Ann\n,\n   \n2,Bo\n\n'],
  ['blank cells beyond the header', 'id,name\n1,Ann,,\n2,Bo,\n'],
])('a CSV file with %s gives the same rows', async (_, text) => {
  expect(await cellsOf(text)).toEqual([
    ['id', 'name'],
    ['1', 'Ann'],
    ['2', 'Bo'],
  ]);
});

test('a quoted cell can contain delimiters, quotes and line ends, with any chunk size', async () => {
  const text = 'id,note\r\n1,"He said ""no"",\r\nthen left"\r\n2,x\r\n';
  for (const size of [1, 2, 5, 100]) {
    const records = await recordsOf(text, ',', size);
    expect(records.map(({ line, cells }) => [line, ...cells])).toEqual([
      [1, 'id', 'note'],
      [2, '1', 'He said "no",\r\nthen left'],
      [4, '2', 'x'],
    ]);
  }
});

test('a row with too few or too many cells is reported, and all its cells are kept in order', async () => {
  const records = await recordsOf('a,b,c\n1,2\n1,2,3,4\n5,6,7\n');
  expect(records.map(({ line, cells, problem }) => [line, cells, problem?.message ?? null])).toEqual([
    [1, ['a', 'b', 'c'], null],
    [2, ['1', '2', ''], 'the row has 2 cells, the header has 3.'],
    [3, ['1', '2', '3,4'], 'the row has 4 cells, the header has 3.'],
    [4, ['5', '6', '7'], null],
  ]);
});

test.each([
  ['with no other quote in the file', '3,"open', (n: number) => `${n},x`],
  ['among rows that are all quoted', '3,"open', (n: number) => `"${n}","x"`],
  ['among rows with quotes inside quotes', '3,"open', (n: number) => `${n},"an ""x"""`],
])('an unclosed quote affects only its own row, %s', async (_, broken, row) => {
  const lines = ['id,name', ...Array.from({ length: 1200 }, (__, n) => (n === 3 ? broken : row(n)))];
  const records = await recordsOf(lines.join('\n'), ',', 4096);
  expect(records).toHaveLength(1201);
  const bad = records.filter(({ problem }) => problem !== null);
  expect(bad).toMatchObject([{ line: 5, cells: [broken, ''], problem: { message: expect.stringContaining('quote') } }]);
  expect(records.at(-1)?.cells[0]).toBe('1199');
});

test.each(['a,b,c\n1,2,"x\n3,4,5\n6,7,"y\n8,9,10\n', 'a,b,c\n1,"x,2\n3,4,5\n6,y",7,\n8,9,10\n'])(
  'the rows between two unclosed quotes are still read: %j',
  async (text) => {
    const records = await recordsOf(text);
    expect(records.filter(({ problem }) => problem === null).map(({ cells }) => cells[0])).toEqual(['a', '3', '8']);
    expect(records.filter(({ problem }) => problem !== null).map(({ line }) => line)).toEqual([2, 4]);
  },
);

test('a cell can span MAX_LINES lines, and a longer one is reported as not closed', async () => {
  const mail = (lines: number) => `id,note\n1,"${'line\n'.repeat(lines - 1)}end"\n2,x\n`;
  expect((await recordsOf(mail(MAX_LINES), ',', 999)).map(({ cells }) => cells[0])).toEqual(['id', '1', '2']);
  const [, first] = await recordsOf(mail(MAX_LINES + 1), ',', 999);
  expect(first?.problem?.message).toContain('not closed');
});

test.each(['1,12" screen', '1,"a"b', '1,="a"b'])('a misplaced quote (%s) is reported', async (row) => {
  const records = await recordsOf(`id,name\n${row}\n2,x\n`);
  // An odd number of quotes could belong to a cell over several lines; the row is still refused.
  expect(records.map(({ problem }) => problem !== null)).toEqual([false, true, false]);
});

test.each(['1, "a, b"', '1,"a, b" ', ' "1" , "a, b"', '="1","a, b"', '1,="a, b"'])(
  'spaces around a quoted cell, and a formula that Excel writes for a text, are not part of it: %s',
  async (row) => {
    const [, record, next] = await recordsOf(`id,name\n${row}\n2,x\n`);
    expect([record?.problem, record?.cells.map((cell) => cell.trim())]).toEqual([null, ['1', 'a, b']]);
    expect(next?.cells).toEqual(['2', 'x']);
  },
);

test('a line of 20 MB without a line end is cut and reported as too long', async () => {
  let pulled = 0;
  async function* endless() {
    yield 'id\n';
    for (; pulled < 300; pulled++) yield 'x'.repeat(65_536);
    yield '\n2\n';
  }
  const lengths = (await collect(splitLines(endless(), '\n'))).map(({ length }) => length);
  expect(Math.max(...lengths)).toBeLessThan(1_200_000);
  pulled = 0;
  const records = await collect(readRecords(splitLines(endless(), '\n'), ','));
  expect(records.map(({ problem }) => problem?.message ?? null)).toEqual([
    null,
    'the line has more than 1,048,576 characters.',
    null,
  ]);
});

test('a CSV file is read only as far as its records are requested', async () => {
  let pulled = 0;
  async function* file() {
    yield 'id,name\n';
    for (; pulled < 100_000; pulled++) yield `${pulled},"x"\n`;
  }
  const records = readRecords(splitLines(file(), '\n'), ',');
  for (let row = 0; row < 1000; row++) {
    await records.next();
    expect(pulled).toBeLessThanOrEqual(row + 1);
  }
});
