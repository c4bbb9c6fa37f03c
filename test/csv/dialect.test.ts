// Detection of the encoding and dialect of a CSV file, and the settings that take precedence.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Encoding } from '../../src/csv/csv-mapping.ts';
import { detectDialect } from '../../src/csv/dialect.ts';
import { openCsv } from '../../src/csv/files/open-csv.ts';
import { collect } from './rows-of.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadgrade-csv-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function opened(bytes: Uint8Array, encoding?: Encoding) {
  const file = join(folder, 'leads.csv');
  await writeFile(file, bytes);
  const csv = await openCsv(file, ['id', 'name'], { encoding });
  if (typeof csv === 'string') return csv;
  const cells = (await collect(csv.records)).map((record) => record.cells);
  return { encoding: csv.encoding, hasMark: csv.hasByteOrderMark, cells };
}

const text = 'id,name\r\n1,Jürgen Größe\r\n';
const CELLS = [
  ['id', 'name'],
  ['1', 'Jürgen Größe'],
];
const utf16be = Buffer.from(`\uFEFF${text}`, 'utf16le').swap16();

test.each([
  ['utf-8', false, Buffer.from(text)],
  ['utf-8', true, Buffer.from(`\uFEFF${text}`)],
  ['utf-16le', true, Buffer.from(`\uFEFF${text}`, 'utf16le')],
  ['utf-16be', true, utf16be],
  ['windows-1252', false, Buffer.from(text, 'latin1')],
])('the encoding %s (byte order mark: %s) is detected', async (encoding, hasMark, bytes) => {
  expect(await opened(bytes)).toEqual({ encoding, hasMark, cells: CELLS });
});

test('one letter in the last row of a large file decides between windows-1252 and UTF-8', async () => {
  const many = `id,name\n${'1,Ann\n'.repeat(100_000)}`;
  expect(await opened(Buffer.from(`${many}2,Jürgen\n`, 'latin1'))).toMatchObject({ encoding: 'windows-1252' });
  const last = await opened(Buffer.from(`${many}2,Jürgen\n`));
  expect(last).toMatchObject({ encoding: 'utf-8' });
  expect(typeof last === 'string' ? last : last.cells.at(-1)).toEqual(['2', 'Jürgen']);
});

test('the encoding in the mapping takes precedence over detection', async () => {
  const bytes = Buffer.from('id,name\n1,é\n');
  expect(await opened(bytes, 'windows-1252')).toMatchObject({
    cells: [
      ['id', 'name'],
      ['1', 'Ã©'],
    ],
  });
  expect(await opened(Buffer.from(text, 'utf16le'), 'utf-16le')).toMatchObject({ hasMark: false, cells: CELLS });
});

test.each([
  ['Mac Roman', 'macintosh', 'id,name\n1,Ren\x8e M\x9fller\n', 'René Müller'],
  ['Shift JIS', 'shift_jis', 'id,name\n1,\x8e\xd0\x92\xb7\x81@\n', '社長\u3000'],
  ['GB 18030', 'gb18030', 'id,name\n1,\xd7\xdc\x81\x40\n', '总丂'],
  ['EUC-KR', 'euc-kr', 'id,name\n1,\xc0\xcc\xbb\xe7\n', '이사'],
  ['windows-1251', 'windows-1251', 'id,name\n1,\xc8\xe2\xe0\xed\n', 'Иван'],
] as const)(
  'a file in %s is refused, and read when the mapping names its encoding',
  async (_, encoding, bytes, name) => {
    const file = Buffer.from(bytes, 'latin1');
    expect(await opened(file)).toContain('is neither UTF-8 nor windows-1252');
    expect(await opened(file, encoding)).toMatchObject({
      encoding,
      cells: [
        ['id', 'name'],
        ['1', name],
      ],
    });
  },
);

test.each([
  ['with one broken letter', undefined, 'Müller \xe2\x82', 'is neither UTF-8 nor windows-1252'],
  ['that the mapping names, with one broken letter', 'utf-8', 'Müller \xe2\x82', 'is not UTF-8, as the mapping says'],
] as const)('a UTF-8 file %s is refused', async (_, encoding, name, reason) => {
  const broken = Buffer.concat([Buffer.from('id,name\n1,Müller '), Buffer.from(name.slice(-2), 'latin1')]);
  expect(await opened(broken, encoding)).toContain(reason);
});

test.each(['Müller', 'Žižek', 'Škoda', 'São Paulo', 'NÃO', '“quoted”', 'it’s', '5 €', 'Œuvre', 'a – b', 'œuf', 'Ýmir'])(
  'the name %s in windows-1252 is detected as such',
  async (name) => {
    expect(await opened(inWindows1252(`id,name\n1,${name}é\n`))).toMatchObject({
      encoding: 'windows-1252',
      cells: [
        ['id', 'name'],
        ['1', `${name}é`],
      ],
    });
  },
);

/** The bytes of a text, by the decoder itself. */
function inWindows1252(from: string): Buffer {
  const decoder = new TextDecoder('windows-1252');
  const bytes = new Map(Array.from({ length: 256 }, (_, byte) => [decoder.decode(Uint8Array.of(byte)), byte]));
  return Buffer.from([...from].map((character) => bytes.get(character) ?? 0x3f));
}

test.each([
  ['an Excel workbook', Buffer.from('PK\u0003\u0004rest'), 'Excel workbook'],
  ['UTF-16 without a mark', Buffer.from(text, 'utf16le'), 'UTF-16'],
  ['an empty file', Buffer.from(''), 'is empty'],
  ['a file of blank lines', Buffer.from('\uFEFF\r\n \r\n'), 'is empty'],
])('%s is refused as a CSV file, with the reason', async (_, bytes, reason) => {
  expect(await opened(bytes)).toContain(reason);
});

test.each([
  ['id,name\n1,x', 'comma'],
  ['id;name, first\n1;x', 'semicolon'],
  ['id\tname, a; b\n', 'tab'],
  ['id|name\n', 'pipe'],
  ['"a;b";"id";"name"\n', 'semicolon'],
  ['a,b,c,d;id;name\n', 'semicolon'],
  ['"a\n;;;;",id,name\n', 'comma'],
  ['id\n1\n', 'comma'],
])('the delimiter of %j is detected', (head, name) => {
  expect(detectDialect(head, ['id', 'name']).delimiter).toBe(name);
});

test("Excel's sep= line sets the delimiter, and is not read as a row", async () => {
  expect(await opened(Buffer.from('sep=;\r\nid;name\r\n1;x\r\n'))).toMatchObject({
    cells: [
      ['id', 'name'],
      ['1', 'x'],
    ],
  });
  expect(detectDialect('id;name\n', ['id'], 'comma').delimiter).toBe('comma');
});
