// Opens a CSV file: finds out its encoding and form, and reads its records in flat memory.
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Encoding } from '../csv-mapping.ts';
import { DELIMITERS, type DelimiterName, type Form, findForm } from '../form.ts';
import { splitLines } from '../lines.ts';
import { type CsvRecord, readRecords } from '../records.ts';
import { type FoundEncoding, findEncoding } from './encoding.ts';

// A header of 400 long names is a tenth of this.
const HEAD_BYTES = 256 * 1024;

export interface OpenedCsv extends Form, FoundEncoding {
  readonly records: AsyncGenerator<CsvRecord>;
}

/**
 * @param columns what the mapping names, by which the delimiter is told
 * @param declared what the mapping says of the file, which overrules what is found
 * @returns the file, or a sentence that says why it cannot be read as CSV
 */
export async function openCsv(
  file: string,
  columns: readonly string[],
  declared: { readonly delimiter?: DelimiterName | undefined; readonly encoding?: Encoding | undefined },
): Promise<OpenedCsv | string> {
  const head = await readHead(file);
  const encoding = await findEncoding(file, head, declared.encoding);
  if (typeof encoding === 'string') return encoding;
  const text = new TextDecoder(encoding.encoding).decode(head, { stream: true });
  if (text.trim() === '') return 'is empty.';
  const form = findForm(text, columns, declared.delimiter);
  const lines = splitLines(decoded(file, encoding.encoding), form.lineEnd === '\r' ? '\r' : '\n');
  const records = readRecords(
    form.hasHint ? withoutFirst(lines) : lines,
    DELIMITERS[form.delimiter],
    form.hasHint ? 1 : 0,
  );
  return { ...form, ...encoding, records };
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
