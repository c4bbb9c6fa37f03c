// Prints each result, as JSON lines or as text.
import type { CompiledModel } from '../../src/scoring/compile/compile.ts';
import { toPrintedResult } from '../../src/scoring/explanation/print-result.ts';
import type { CommandIo } from '../terminal/io.ts';
import { writeWithBackpressure } from '../terminal/write-stream.ts';
import type { Output, RejectedEntry, ScoredEntry } from './entries.ts';

export function printResults(io: CommandIo, model: CompiledModel, json: boolean): Output {
  const format = json ? toJsonLine : (entry: ScoredEntry | RejectedEntry) => toText(entry, model);
  return {
    add: (entry) => writeWithBackpressure(io.stdout, format(entry)),
    finish: async () => undefined,
    discard: async () => undefined,
  };
}

function toJsonLine(entry: ScoredEntry | RejectedEntry): string {
  if ('error' in entry) return `${JSON.stringify({ id: entry.id, error: entry.error })}\n`;
  return `${JSON.stringify(toPrintedResult(entry.result, entry.explain()))}\n`;
}

function toText(entry: ScoredEntry | RejectedEntry, model: CompiledModel): string {
  if ('error' in entry) {
    const { code, message, path, line } = entry.error;
    const what = code === 'invalid_row' && path !== '' ? `column "${path}": ${message}` : `${path} ${message}`.trim();
    return `${entry.id ?? '(no id)'}  line ${line}, not scored: ${what}\n\n`;
  }
  const { result } = entry;
  const status = model.bands.find((band) => band.id === result.status)?.label ?? result.status;
  const lines = entry.explain().split('\n');
  return `${result.id}  ${status}\n${lines.map((line) => `  ${line}`).join('\n')}\n\n`;
}
