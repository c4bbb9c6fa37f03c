// `--out`: writes the rows of the CSV file with added score columns.
import { DELIMITERS } from '../../src/csv/dialect.ts';
import { isSameFile, OutputRefused } from '../../src/csv/files/replace-file.ts';
import { problemCells, reservedColumns, SCORE_COLUMNS, scoreCells } from '../../src/csv/scored-rows.ts';
import { writeCells } from '../../src/csv/write-cells.ts';
import type { CommandIo } from '../terminal/io.ts';
import { openWatchedFile } from '../terminal/watched-file.ts';
import { writeWithBackpressure } from '../terminal/write-stream.ts';
import type { Output } from './entries.ts';
import type { CsvSource } from './read-csv.ts';
import { UsageError } from './usage-error.ts';

export interface OutputOptions {
  readonly path: string;
  /** Whether an existing file may be replaced. */
  readonly force: boolean;
  /** The files that the command reads, which `path` must not overwrite. */
  readonly inputs: readonly (string | undefined)[];
  /** Whether the summary is JSON. */
  readonly json: boolean;
}

/**
 * @throws UsageError when the file cannot be written, or its columns exist in the export already
 */
export async function writeCsv(
  io: CommandIo,
  source: CsvSource,
  { path, force, inputs, json }: OutputOptions,
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
    return await openOutput(io, source, { path, force, json });
  } catch (error) {
    throw new UsageError(refusal(path, error));
  }
}

/** Why the file cannot be written. */
function refusal(path: string, error: unknown): string {
  if (error instanceof OutputRefused) return `--out ${path} ${error.message}`;
  const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return `--out ${path} cannot be written (${reason}). Check that its folder exists and that you may write there.`;
}

async function openOutput(
  io: CommandIo,
  { form, header }: CsvSource,
  { path, force, json }: Omit<OutputOptions, 'inputs'>,
): Promise<Output> {
  const file = await openWatchedFile(path, { replace: force });
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
      await file.commit().catch((error: unknown) => {
        throw new UsageError(refusal(path, error));
      });
      if (json) await writeWithBackpressure(io.stdout, `${JSON.stringify({ ...counts, out: path })}\n`);
      else io.stderr.write(`${counts.scored} leads scored, ${counts.refused} rows not scored: ${path}\n`);
    },
    discard: () => file.discard(),
  };
}
