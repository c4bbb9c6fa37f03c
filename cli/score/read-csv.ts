// Leads of a CSV export, one a row, by its mapping. How the file was read, and the first rows that are no lead, go to standard error.
import { type CsvMapping, mappedColumns, readCsvMapping } from '../../src/csv/csv-mapping.ts';
import { type OpenedCsv, openCsv } from '../../src/csv/files/open-csv.ts';
import { locateColumns } from '../../src/csv/header.ts';
import { createRowProjector, type RowProjector } from '../../src/csv/project-row.ts';
import type { CsvRecord } from '../../src/csv/records.ts';
import { formatRowProblem, type RowProblem } from '../../src/csv/row-problem.ts';
import { formatProblem } from '../../src/domain/problem.ts';
import type { CompiledModel } from '../../src/scoring/compile/compile.ts';
import { readText } from '../product/load-model.ts';
import type { CommandIo } from '../terminal/io.ts';
import type { Entry, Source } from './entries.ts';

const SHOWN = 10;

export interface CsvSource extends Source {
  readonly header: readonly string[];
  readonly form: OpenedCsv;
}

/** @returns null when mapping or file cannot be used; why stands on standard error then */
export async function readCsv(
  io: CommandIo,
  files: { readonly csv: string; readonly mapping: string },
  model: CompiledModel,
  asOf: number,
): Promise<CsvSource | null> {
  const say = (text: string) => io.stderr.write(`${text}\n`);
  const mapping = await loadMapping(io, files.mapping);
  if (mapping === null) return null;
  const form = await openCsv(files.csv, mappedColumns(mapping), mapping.csv);
  if (typeof form === 'string') {
    say(`error: ${files.csv} ${form}`);
    return null;
  }
  say(`${files.csv}: ${form.encoding}${form.hasMark ? ' with byte order mark' : ''}, ${form.delimiter} as delimiter.`);
  const { value: header } = await form.records.next();
  const columns = locateHeader(mapping, header);
  if ('errors' in columns) {
    for (const error of columns.errors) say(`error: ${files.csv}: ${error}`);
    return null;
  }
  for (const type of undeclared(mapping, model)) {
    say(
      `The model counts "${type}", which the mapping neither gives nor lists under unobserved: taken as never happened.`,
    );
  }
  const project = createRowProjector(mapping, columns.columns, asOf);
  return {
    entries: entriesOf(form.records, project, say),
    outcomeName: mapping.outcome?.column ?? '',
    tellRefused: (count) =>
      say(`${count} rows are not scored${count > SHOWN ? `; the first ${SHOWN} are named above` : ''}.`),
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

/** Activity types of the model of which the mapping says nothing: an absence would be counted that nobody has seen. */
function undeclared(mapping: CsvMapping, model: CompiledModel): readonly string[] {
  const given = new Set([...(mapping.activities ?? []).map(({ type }) => type), ...(mapping.unobserved ?? [])]);
  return [...model.behavior.watchers.keys()].filter((type) => !given.has(type));
}

async function* entriesOf(
  records: AsyncIterable<CsvRecord>,
  project: RowProjector,
  say: (text: string) => void,
): AsyncGenerator<Entry> {
  let refused = 0;
  let isEmpty = true;
  for await (const record of records) {
    isEmpty = false;
    const projected = record.problem === null ? project(record.cells) : { problem: record.problem };
    if ('lead' in projected) {
      yield { ...projected, record };
      continue;
    }
    refused++;
    if (refused <= SHOWN) say(formatRowProblem(record.line, projected.problem));
    yield refusedEntry({ ...record, problem: projected.problem }, projected.problem);
  }
  if (isEmpty) say('The file has a header and no rows.');
}

function refusedEntry(record: CsvRecord, { column, message, fix }: RowProblem): Entry {
  const error = { code: 'invalid_row', message: `${message} ${fix}`, path: column ?? '', line: record.line } as const;
  return { id: null, error, record };
}
