// Reads leads from a CSV export, one a row, with a mapping. Prints what was detected, the first
// invalid rows, and what was left out or read as unknown, to standard error.
import { type CsvMapping, mappedColumns, readCsvMapping } from '../../src/csv/csv-mapping.ts';
import { DELIMITERS } from '../../src/csv/dialect.ts';
import { type OpenedCsv, openCsv } from '../../src/csv/files/open-csv.ts';
import { findHeaderLine, locateColumns } from '../../src/csv/header.ts';
import type { CsvRecord } from '../../src/csv/records.ts';
import { formatRowProblem } from '../../src/csv/row-problem.ts';
import { CellNotes } from '../../src/csv/rows/cell-notes.ts';
import { createRowProjector } from '../../src/csv/rows/project-row.ts';
import { formatProblem } from '../../src/domain/problem.ts';
import type { CompiledModel } from '../../src/scoring/compile/compile.ts';
import { readText } from '../model-files/read-text.ts';
import type { CommandIo } from '../terminal/io.ts';
import type { Source } from './entries.ts';
import { missingActivitiesLine, missingFieldsLine } from './model-gaps.ts';
import { MAX_PRINTED, readRows } from './read-rows.ts';
import { wrongMappingLine } from './wrong-mapping.ts';

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
  const mapping = await loadMapping(print, files.mapping);
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
  const located = locateHeader(mapping, header, form);
  if ('errors' in located) {
    for (const error of located.errors) print(`error: ${files.csv}: ${error}`);
    return null;
  }
  for (const gap of gapsOf(mapping, model)) print(gap);
  const notes = new CellNotes();
  const project = createRowProjector(mapping, located.columns, asOf, notes);
  const id = located.columns.get(mapping.csv.id) ?? 0;
  return {
    entries: readRows(form.records, { project, id, notes, header: header?.cells ?? [], file: files.csv, print }),
    outcomeName: mapping.outcome?.column ?? '',
    reportRejected: (count) => {
      const rows = count === 1 ? '1 row is' : `${count} rows are`;
      print(`${rows} not scored${count > MAX_PRINTED ? `; the first ${MAX_PRINTED} are listed above` : ''}.`);
    },
    header: header?.cells ?? [],
    form,
  };
}

async function loadMapping(print: (text: string) => void, file: string): Promise<CsvMapping | null> {
  const text = await readText(file);
  if (typeof text !== 'string') {
    print(formatProblem(text));
    return null;
  }
  const { mapping, problems } = readCsvMapping(text, file);
  const wrong = mapping === null ? wrongMappingLine(text, file) : null;
  if (wrong !== null) print(wrong);
  else for (const problem of problems) if (problem.level === 'error') print(formatProblem(problem));
  return mapping;
}

function locateHeader(
  mapping: CsvMapping,
  header: CsvRecord | undefined,
  { firstLines }: OpenedCsv,
): ReturnType<typeof locateColumns> {
  if (header === undefined) return { errors: ['is empty.'] };
  if (header.problem !== null) return { errors: [formatRowProblem(header.line, header.problem)] };
  const names = mappedColumns(mapping);
  return locateColumns(names, header.cells, findHeaderLine(names, firstLines, Object.values(DELIMITERS)));
}

function gapsOf(mapping: CsvMapping, model: CompiledModel): readonly string[] {
  const covered = [...(mapping.activities ?? []).map(({ type }) => type), ...(mapping.unobserved ?? [])];
  const lines = [missingFieldsLine(model, sourcesOf(mapping), 'the mapping'), missingActivitiesLine(model, covered)];
  return lines.filter((line) => line !== null);
}

/** The source of each field, as the mapping has it: `{ from: Country, as: country }`. */
function sourcesOf({ fields }: CsvMapping): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(fields).map(([field, source]) => {
      const keys = Object.entries(source).map(
        ([key, value]) => `${key}: ${Array.isArray(value) ? `[${value.join(', ')}]` : value}`,
      );
      return [field, `{ ${keys.join(', ')} }`];
    }),
  );
}
