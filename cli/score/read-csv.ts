// Reads leads from a CSV export, one a row, with a mapping. Prints the detected encoding and
// delimiter, and the first invalid rows, to standard error.
import { type CsvMapping, mappedColumns, readCsvMapping } from '../../src/csv/csv-mapping.ts';
import { type OpenedCsv, openCsv } from '../../src/csv/files/open-csv.ts';
import { locateColumns } from '../../src/csv/header.ts';
import { createRowProjector, type RowProjector } from '../../src/csv/project-row.ts';
import type { CsvRecord } from '../../src/csv/records.ts';
import { formatRowProblem, type RowProblem } from '../../src/csv/row-problem.ts';
import { formatProblem } from '../../src/domain/problem.ts';
import type { CompiledModel } from '../../src/scoring/compile/compile.ts';
import { readText } from '../model-files/read-text.ts';
import type { CommandIo } from '../terminal/io.ts';
import type { Entry, Source } from './entries.ts';

const MAX_PRINTED = 10;

export interface CsvSource extends Source {
  readonly header: readonly string[];
  readonly form: OpenedCsv;
}

/** @returns null when the mapping or the file is invalid; the problems are on standard error */
export async function readCsv(
  io: CommandIo,
  files: { readonly csv: string; readonly mapping: string },
  model: CompiledModel,
  asOf: number,
): Promise<CsvSource | null> {
  const print = (text: string) => io.stderr.write(`${text}\n`);
  const mapping = await loadMapping(io, files.mapping);
  if (mapping === null) return null;
  const form = await openCsv(files.csv, mappedColumns(mapping), mapping.csv);
  if (typeof form === 'string') {
    print(`error: ${files.csv} ${form}`);
    return null;
  }
  print(
    `${files.csv}: ${form.encoding}${form.hasByteOrderMark ? ' with byte order mark' : ''}, ${form.delimiter} as delimiter.`,
  );
  const { value: header } = await form.records.next();
  const columns = locateHeader(mapping, header);
  if ('errors' in columns) {
    for (const error of columns.errors) print(`error: ${files.csv}: ${error}`);
    return null;
  }
  for (const type of uncoveredTypes(mapping, model)) {
    print(
      `The model scores "${type}", which the mapping neither maps nor lists under unobserved; it counts as never happened.`,
    );
  }
  const project = createRowProjector(mapping, columns.columns, asOf);
  return {
    entries: readEntries(form.records, project, print),
    outcomeName: mapping.outcome?.column ?? '',
    reportRejected: (count) =>
      print(`${count} rows are not scored${count > MAX_PRINTED ? `; the first ${MAX_PRINTED} are listed above` : ''}.`),
    header: header?.cells ?? [],
    form,
  };
}

async function loadMapping(io: CommandIo, file: string): Promise<CsvMapping | null> {
  const text = await readText(file);
  const { mapping, problems } =
    typeof text === 'string' ? readCsvMapping(text, file) : { mapping: null, problems: [text] };
  for (const problem of problems) {
    if (problem.level === 'error') io.stderr.write(`${formatProblem(problem)}\n`);
  }
  return mapping;
}

function locateHeader(mapping: CsvMapping, header: CsvRecord | undefined): ReturnType<typeof locateColumns> {
  if (header === undefined) return { errors: ['is empty.'] };
  if (header.problem !== null) return { errors: [formatRowProblem(header.line, header.problem)] };
  return locateColumns(mappedColumns(mapping), header.cells);
}

/**
 * Activity types of the model that the mapping does not mention. They score like an observed
 * absence, although the export says nothing about them.
 */
function uncoveredTypes(mapping: CsvMapping, model: CompiledModel): readonly string[] {
  const covered = new Set([...(mapping.activities ?? []).map(({ type }) => type), ...(mapping.unobserved ?? [])]);
  return [...model.behavior.subscriptions.keys()].filter((type) => !covered.has(type));
}

async function* readEntries(
  records: AsyncIterable<CsvRecord>,
  project: RowProjector,
  print: (text: string) => void,
): AsyncGenerator<Entry> {
  let rejected = 0;
  let isEmpty = true;
  for await (const record of records) {
    isEmpty = false;
    const projected = record.problem === null ? project(record.cells) : { problem: record.problem };
    if ('lead' in projected) {
      yield { ...projected, record };
      continue;
    }
    rejected++;
    if (rejected <= MAX_PRINTED) print(formatRowProblem(record.line, projected.problem));
    yield rejectedEntry({ ...record, problem: projected.problem }, projected.problem);
  }
  if (isEmpty) print('The file has a header and no rows.');
}

function rejectedEntry(record: CsvRecord, { column, message, fix }: RowProblem): Entry {
  const error = { code: 'invalid_row', message: `${message} ${fix}`, path: column ?? '', line: record.line } as const;
  return { id: null, error, record };
}
