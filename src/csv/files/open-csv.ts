// Opens a CSV file: detects its encoding and dialect, and streams its records.
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Encoding } from '../csv-mapping.ts';
import { type CsvDialect, DELIMITERS, type DelimiterName, detectDialect } from '../dialect.ts';
import { splitLines } from '../lines.ts';
import { type CsvRecord, readRecords } from '../records.ts';
import { type DetectedEncoding, detectEncoding } from './encoding.ts';

// Ten times the size of a header with 400 long names.
const HEAD_BYTES = 256 * 1024;

export interface OpenedCsv extends CsvDialect, DetectedEncoding {
  readonly records: AsyncGenerator<CsvRecord>;
  /** The first lines of the file. */
  readonly firstLines: readonly string[];
}

const FIRST_LINES = 50;

/**
 * @param columns the columns of the mapping, which decide the delimiter
 * @param declared the settings of the mapping; they take precedence over detection
 * @returns the file, or a sentence that says why it cannot be read as CSV
 */
export async function openCsv(
  file: string,
  columns: readonly string[],
  declared: { readonly delimiter?: DelimiterName | undefined; readonly encoding?: Encoding | undefined },
): Promise<OpenedCsv | string> {
  const head = await readHead(file);
  const encoding = await detectEncoding(file, head, declared.encoding);
  if (typeof encoding === 'string') return encoding;
  const text = new TextDecoder(encoding.encoding).decode(head, { stream: true });
  if (text.trim() === '') return 'is empty.';
  const dialect = detectDialect(text, columns, declared.delimiter);
  const lines = splitLines(decoded(file, encoding.encoding), dialect.lineEnd === '\r' ? '\r' : '\n');
  const records = readRecords(
    dialect.hasSepLine ? withoutFirst(lines) : lines,
    DELIMITERS[dialect.delimiter],
    dialect.hasSepLine ? 1 : 0,
  );
  const firstLines = text.split(/\r\n|\n|\r/, FIRST_LINES);
  return { ...dialect, ...encoding, records, firstLines };
}

async function readHead(file: string): Promise<Buffer> {
  await using handle = await open(file);
  const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(HEAD_BYTES), position: 0 });
  return buffer.subarray(0, bytesRead);
}

async function* decoded(file: string, encoding: Encoding): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding);
  for await (const chunk of createReadStream(file)) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}

async function* withoutFirst(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let isFirst = true;
  for await (const line of lines) {
    if (!isFirst) yield line;
    isFirst = false;
  }
}
