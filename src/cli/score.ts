// `leadgrade score`: scores leads offline, one a line of NDJSON. No CRM, no database, no network; memory stays flat.
import { createReadStream } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { Command } from 'commander';
import type { CompiledModel } from '../scoring/compile.ts';
import { explain } from '../scoring/explain.ts';
import { parseInstant } from '../scoring/instant.ts';
import { parseLead } from '../scoring/parse-lead.ts';
import { toPrintedResult } from '../scoring/print-result.ts';
import { scoreLead } from '../scoring/score-lead.ts';
import type { CommandIo } from './io.ts';
import { loadModel, modelFile } from './load-model.ts';
import { readLines } from './read-lines.ts';
import { writeOut } from './write-out.ts';

interface ScoreOptions {
  readonly model?: string;
  readonly input: string;
  readonly asOf?: string;
  readonly json?: true;
}

export function scoreCommand(io: CommandIo): Command {
  return new Command('score')
    .description('Score leads offline: NDJSON in, one lead a line; results out, in the same order.')
    .option('--model <file>', 'model file (default: MODEL_FILE, or mappings/model.yaml)')
    .option('--input <file>', 'leads as NDJSON; - is standard input', '-')
    .option('--as-of <instant>', 'score as of this RFC 3339 instant (default: now)')
    .option('--json', 'print one JSON result a line')
    .action((options: ScoreOptions) => run(io, options));
}

async function run(io: CommandIo, options: ScoreOptions): Promise<void> {
  const now = options.asOf === undefined ? io.clock.now().getTime() : parseInstant(options.asOf);
  if (now === null) {
    refuse(io, `--as-of "${options.asOf}" is no RFC 3339 instant. Write it as 2026-11-01T00:00:00Z.`);
    return;
  }
  const model = await loadModel(io, modelFile(io, options.model));
  if (!model) {
    io.setExitCode(2);
    return;
  }
  if (options.input !== '-' && !(await isReadable(options.input))) {
    refuse(io, `--input ${options.input} cannot be read. Check the path, or use - for standard input.`);
    return;
  }
  const source = options.input === '-' ? io.stdin : createReadStream(options.input);
  const format = options.json ? toJsonLine : toText;
  let failed = 0;
  for await (const line of readLines(source)) {
    if (line.trim() === '') continue;
    const scored = scoreLine(line, model, now);
    if ('error' in scored) failed++;
    await writeOut(io.stdout, format(scored));
  }
  if (failed === 0) return;
  io.stderr.write(`${failed} of the lines are no valid lead; see their errors in the output.\n`);
  io.setExitCode(1);
}

function refuse(io: CommandIo, message: string): void {
  io.stderr.write(`error: ${message}\n`);
  io.setExitCode(2);
}

async function isReadable(file: string): Promise<boolean> {
  try {
    await access(file, constants.R_OK);
    return !(await stat(file)).isDirectory();
  } catch {
    return false;
  }
}

interface LineError {
  readonly id: string | null;
  readonly error: { readonly code: 'invalid_json' | 'invalid_lead'; readonly message: string; readonly path: string };
}
type Scored = LineError | { readonly printed: Record<string, unknown>; readonly status: string; readonly text: string };

function scoreLine(line: string, model: CompiledModel, now: number): Scored {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The parser's own message quotes the line, which is personal data.
    return { id: null, error: { code: 'invalid_json', message: 'the line is no JSON', path: '' } };
  }
  const parsed = parseLead(value);
  if ('error' in parsed) {
    const { id, message, path } = parsed.error;
    return { id, error: { code: 'invalid_lead', message, path } };
  }
  const result = scoreLead(parsed.lead, model, now);
  const text = explain(result, parsed.lead, model, now, { timezone: 'UTC' });
  const status = model.bands.find((band) => band.id === result.status)?.label ?? result.status;
  return { printed: toPrintedResult(result, text), status, text };
}

function toJsonLine(scored: Scored): string {
  return `${JSON.stringify('error' in scored ? scored : scored.printed)}\n`;
}

function toText(scored: Scored): string {
  if ('error' in scored) {
    const { code, message, path } = scored.error;
    return `${scored.id ?? '(no id)'}  ${code}${path === '' ? '' : ` at ${path}`}: ${message}\n\n`;
  }
  const lines = scored.text.split('\n').map((line) => `  ${line}`);
  return `${String(scored.printed.id)}  ${scored.status}\n${lines.join('\n')}\n\n`;
}
