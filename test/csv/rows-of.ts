// Readers of CSV text for tests.
import { type CsvMapping, readCsvMapping } from '../../src/csv/csv-mapping.ts';
import { splitLines } from '../../src/csv/lines.ts';
import { type CsvRecord, readRecords } from '../../src/csv/records.ts';

async function* inChunks(text: string, size: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
}

export async function collect<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** All records, the header first. */
export async function recordsOf(text: string, delimiter = ',', size = 7): Promise<readonly CsvRecord[]> {
  const end = text.includes('\r') && !text.includes('\n') ? '\r' : '\n';
  return collect(readRecords(splitLines(inChunks(text, size), end), delimiter));
}

/** A mapping given as JSON; throws with its problems. */
export function csvMappingOf(content: unknown): CsvMapping {
  const { mapping, problems } = readCsvMapping(JSON.stringify(content), 'columns.yaml');
  if (!mapping) throw new Error(JSON.stringify(problems, null, 2));
  return mapping;
}
