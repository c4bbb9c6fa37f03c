// `--out`: writes the rows of the CSV file with added score columns.
import { DELIMITERS } from '../../src/csv/dialect.ts';
import { isSameFile, replaceFile } from '../../src/csv/files/replace-file.ts';
import { problemCells, reservedColumns, SCORE_COLUMNS, scoreCells } from '../../src/csv/scored-rows.ts';
import { writeCells } from '../../src/csv/write-cells.ts';
import type { CommandIo } from '../terminal/io.ts';
import { writeWithBackpressure } from '../terminal/write-stream.ts';
import type { Output } from './entries.ts';
import type { CsvSource } from './read-csv.ts';
import { UsageError } from './usage-error.ts';

/**
 * @param inputs the files that the command reads, which `path` must not overwrite
 * @throws UsageError when the file cannot be written, or its columns exist in the export already
 */
export async function writeCsv(
  io: CommandIo,
  path: string,
  inputs: readonly (string | undefined)[],
  source: CsvSource,
  json: boolean,
): Promise<Output> {
  for (const file of inputs) {
    if (file !== undefined && (await isSameFile(path, file))) {
      throw new UsageError(`--out ${path} would overwrite an input file. Name another file.`);
    }
  }
  const duplicates = reservedColumns(source.header);
  if (duplicates.length > 0) {
    throw new UsageError(
      `the file already has the columns ${duplicates.join(', ')}. Score the original export, or remove these columns.`,
    );
  }
  try {
    return await openOutput(io, path, source, json);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new UsageError(`--out ${path} cannot be written (${reason}). Check that its folder exists.`);
  }
}

async function openOutput(io: CommandIo, path: string, source: CsvSource, json: boolean): Promise<Output> {
  const { form, header } = source;
  const file = await replaceFile(path);
  const lineEnd = form.lineEnd === '\r' ? '\n' : form.lineEnd;
  const write = (cells: readonly string[]) => file.write(writeCells(cells, DELIMITERS[form.delimiter]) + lineEnd);
  // Excel reads a file as UTF-8 only with a byte order mark. An export without one is not read by
  // Excel as UTF-8.
  if (form.hasByteOrderMark) await file.write('\uFEFF');
  await write([...header, ...SCORE_COLUMNS]);
  return {
    add: async (entry) => {
      const { record } = entry;
      if (record === undefined) return;
      if (!('error' in entry)) await write([...record.cells, ...scoreCells(entry.result, entry.explain())]);
      else if (record.problem) await write([...record.cells, ...problemCells(record.line, record.problem)]);
    },
    finish: async (counts) => {
      await file.commit();
      if (json) await writeWithBackpressure(io.stdout, `${JSON.stringify({ ...counts, out: path })}\n`);
      else io.stderr.write(`${counts.scored} leads scored, ${counts.refused} rows rejected: ${path}\n`);
    },
    discard: () => file.discard(),
  };
}
