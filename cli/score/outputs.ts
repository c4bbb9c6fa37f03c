// Where scored leads go: printed one by one, behind the rows of the export, or summed up as a sample.

import { type ReplacedFile, replaceFile } from '../../src/csv/files/replace-file.ts';
import { DELIMITERS } from '../../src/csv/form.ts';
import { problemCells, SCORE_COLUMNS, scoreCells } from '../../src/csv/scored-rows.ts';
import { writeCells } from '../../src/csv/write-cells.ts';
import { printSample } from '../../src/review/print-sample.ts';
import { Sample } from '../../src/review/sample.ts';
import type { CompiledModel } from '../../src/scoring/compile/compile.ts';
import { toPrintedResult } from '../../src/scoring/explanation/print-result.ts';
import type { CommandIo } from '../terminal/io.ts';
import { writeWithBackpressure } from '../terminal/write-stream.ts';
import type { Output, RefusedEntry, ScoredEntry } from './entries.ts';
import type { CsvSource } from './read-csv.ts';

const nothing = async (): Promise<void> => undefined;

/** One result after the other, as JSON lines or for people. */
export function printed(io: CommandIo, model: CompiledModel, json: boolean): Output {
  const format = json ? toJsonLine : (entry: ScoredEntry | RefusedEntry) => toText(entry, model);
  return { add: (entry) => writeWithBackpressure(io.stdout, format(entry)), finish: nothing, discard: nothing };
}

function toJsonLine(entry: ScoredEntry | RefusedEntry): string {
  if ('error' in entry) return `${JSON.stringify({ id: entry.id, error: entry.error })}\n`;
  return `${JSON.stringify(toPrintedResult(entry.result, entry.explain()))}\n`;
}

function toText(entry: ScoredEntry | RefusedEntry, model: CompiledModel): string {
  if ('error' in entry) {
    const { code, message, path, line } = entry.error;
    const place = [...(line === undefined ? [] : [`line ${line}`]), ...(path === '' ? [] : [path])].join(', ');
    return `${entry.id ?? '(no id)'}  ${code}${place === '' ? '' : ` at ${place}`}: ${message}\n\n`;
  }
  const { result } = entry;
  const status = model.bands.find((band) => band.id === result.status)?.label ?? result.status;
  const lines = entry.explain().split('\n');
  return `${result.id}  ${status}\n${lines.map((line) => `  ${line}`).join('\n')}\n\n`;
}

/** The rows of the export with our columns behind them, in a file of their own. */
export async function scoredFile(io: CommandIo, path: string, source: CsvSource, json: boolean): Promise<Output> {
  const { form, header } = source;
  const file = await replaceFile(path);
  const write = (cells: readonly string[]) => {
    return file.write(writeCells(cells, DELIMITERS[form.delimiter]) + (form.lineEnd === '\r' ? '\n' : form.lineEnd));
  };
  await startFile(file, form.hasMark);
  await write([...header, ...SCORE_COLUMNS]);
  return {
    add: async (entry) => {
      const { record } = entry;
      if (record === undefined) return;
      if (!('error' in entry)) await write([...record.cells, ...scoreCells(entry.result, entry.explain())]);
      else if (record.problem) await write([...record.cells, ...problemCells(record.line, record.problem)]);
    },
    finish: async (counts) => {
      await file.keep();
      const text = `${counts.scored} leads scored, ${counts.refused} rows not: ${path}`;
      if (json) await writeWithBackpressure(io.stdout, `${JSON.stringify({ ...counts, out: path })}\n`);
      else io.stderr.write(`${text}\n`);
    },
    discard: () => file.discard(),
  };
}

/** Excel takes a file for UTF-8 by its byte order mark; who gave none reads it with something else. */
function startFile(file: ReplacedFile, hasMark: boolean): Promise<void> {
  return hasMark ? file.write('\uFEFF') : nothing();
}

/** How often everything in the model fires on the file. */
export function sampled(io: CommandIo, model: CompiledModel, outcomeName: string, json: boolean): Output {
  const sample = new Sample(model);
  return {
    add: async (entry) => {
      if (!('error' in entry)) sample.add(entry.lead, entry.result, entry.outcome);
    },
    finish: async ({ refused }) => {
      const report = sample.report();
      const text = json ? `${JSON.stringify({ ...report, refused })}\n` : printSample(report, outcomeName);
      await writeWithBackpressure(io.stdout, text);
    },
    discard: nothing,
  };
}
