// `leadgrade score`: scores leads offline, one a line of NDJSON or one a row of a CSV export. No CRM, no database, no network; memory
// stays flat.
import { createReadStream } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { isSameFile } from '../../src/csv/files/replace-file.ts';
import { takenColumns } from '../../src/csv/scored-rows.ts';
import type { CompiledModel } from '../../src/scoring/compile/compile.ts';
import { explain } from '../../src/scoring/explanation/explain.ts';
import { parseInstant } from '../../src/scoring/instant.ts';
import { scoreLead } from '../../src/scoring/score-lead.ts';
import { loadModel, modelFile } from '../product/load-model.ts';
import type { CommandIo } from '../terminal/io.ts';
import type { LeadEntry, Output, RefusedEntry, ScoredEntry, Source } from './entries.ts';
import { printed, sampled, scoredFile } from './outputs.ts';
import { type CsvSource, readCsv } from './read-csv.ts';
import { readNdjson } from './read-ndjson.ts';

interface ScoreOptions {
  readonly model?: string;
  readonly input: string;
  readonly csv?: string;
  readonly mapping?: string;
  readonly out?: string;
  readonly sample?: true;
  readonly asOf?: string;
  readonly json?: true;
}

export function scoreCommand(io: CommandIo): Command {
  return new Command('score')
    .description('Score leads offline: NDJSON or a CSV export in, results out, in the same order.')
    .option('--model <file>', 'model file (default: MODEL_FILE, or mappings/model.yaml)')
    .option('--input <file>', 'leads as NDJSON, one a line; - is standard input', '-')
    .addOption(new Option('--csv <file>', 'leads as a CSV export, one a row; needs --mapping').conflicts('input'))
    .option('--mapping <file>', 'which column of the CSV file is what (docs/exports.md)')
    .option('--out <file>', 'write the rows of the CSV file with their scores behind them')
    .option('--sample', 'print how often each case and signal fires on the file, instead of the results')
    .option('--as-of <instant>', 'score as of this RFC 3339 instant (default: now)')
    .option('--json', 'print JSON: one result a line, or the sample')
    .action((options: ScoreOptions) => run(io, options));
}

/** What is wrong with how the command was called. */
class UsageError extends Error {}

async function run(io: CommandIo, options: ScoreOptions): Promise<void> {
  try {
    await checkUsage(options);
    const now = options.asOf === undefined ? io.clock.now().getTime() : parseInstant(options.asOf);
    if (now === null) {
      throw new UsageError(`--as-of "${options.asOf}" is no RFC 3339 instant. Write it as 2026-11-01T00:00:00Z.`);
    }
    const model = await loadModel(io, modelFile(io, options.model));
    const source = model && (await openSource(io, options, model, now));
    if (!model || !source) io.setExitCode(2);
    else await scoreAll(io, source, await outputsOf(io, options, source, model), model, now);
  } catch (error) {
    const isUsage = error instanceof UsageError;
    const message = error instanceof Error ? error.message : String(error);
    io.stderr.write(isUsage ? `error: ${message}\n` : `leadgrade could not run: ${message}\n`);
    io.setExitCode(isUsage ? 2 : 3);
  }
}

async function checkUsage({ csv, mapping, out, input }: ScoreOptions): Promise<void> {
  if (csv === undefined) {
    if (mapping !== undefined) throw new UsageError('--mapping belongs to --csv. Name the file with --csv FILE.');
    if (out !== undefined) throw new UsageError('--out belongs to --csv. For NDJSON, send standard output to a file.');
    if (input !== '-' && !(await isReadable(input))) {
      throw new UsageError(`--input ${input} cannot be read. Check the path, or use - for standard input.`);
    }
    return;
  }
  if (mapping === undefined)
    throw new UsageError('--csv needs --mapping FILE: which column is what (docs/exports.md).');
  if (!(await isReadable(csv))) throw new UsageError(`--csv ${csv} cannot be read. Check the path.`);
}

async function isReadable(file: string): Promise<boolean> {
  try {
    await access(file, constants.R_OK);
    return !(await stat(file)).isDirectory();
  } catch {
    return false;
  }
}

async function openSource(
  io: CommandIo,
  { csv, mapping, input }: ScoreOptions,
  model: CompiledModel,
  now: number,
): Promise<Source | CsvSource | null> {
  if (csv !== undefined && mapping !== undefined) return readCsv(io, { csv, mapping }, model, now);
  return readNdjson(io, input === '-' ? io.stdin : createReadStream(input));
}

/** What is printed: the sample, or the results; with --out the results go to the file instead. */
async function outputsOf(
  io: CommandIo,
  options: ScoreOptions,
  source: Source | CsvSource,
  model: CompiledModel,
): Promise<readonly Output[]> {
  const { out, sample, json = false } = options;
  const outputs: Output[] = [];
  if (out !== undefined && 'header' in source) {
    await checkOut(out, [options.csv, options.mapping, modelFile(io, options.model)], source);
    outputs.push(await openOut(io, out, source, json && !sample));
  }
  if (sample) outputs.push(sampled(io, model, source.outcomeName, json));
  return outputs.length === 0 ? [printed(io, model, json)] : outputs;
}

async function checkOut(out: string, read: readonly (string | undefined)[], source: CsvSource): Promise<void> {
  for (const file of read) {
    if (file !== undefined && (await isSameFile(out, file))) {
      throw new UsageError(`--out ${out} would overwrite what is read. Name another file.`);
    }
  }
  const taken = takenColumns(source.header);
  if (taken.length > 0) {
    throw new UsageError(`the file has ${taken.join(', ')} already. Score the export itself, or remove these columns.`);
  }
}

async function openOut(io: CommandIo, out: string, source: CsvSource, json: boolean): Promise<Output> {
  try {
    return await scoredFile(io, out, source, json);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new UsageError(`--out ${out} cannot be written (${reason}). Check that its folder is there.`);
  }
}

async function scoreAll(
  io: CommandIo,
  source: Source,
  outputs: readonly Output[],
  model: CompiledModel,
  now: number,
): Promise<void> {
  const counts = { scored: 0, refused: 0 };
  try {
    for await (const entry of source.entries) {
      const scored = 'error' in entry ? entry : scoreEntry(entry, model, now);
      if ('error' in scored) counts.refused++;
      else counts.scored++;
      for (const output of outputs) await output.add(scored);
    }
    for (const output of outputs) await output.finish(counts);
  } catch (error) {
    for (const output of outputs) await output.discard();
    throw error;
  }
  if (counts.refused === 0) return;
  source.tellRefused(counts.refused);
  io.setExitCode(1);
}

function scoreEntry(entry: LeadEntry, model: CompiledModel, now: number): ScoredEntry | RefusedEntry {
  const result = scoreLead(entry.lead, model, now);
  return { ...entry, result, explain: () => explain(result, entry.lead, model, now, { timezone: 'UTC' }) };
}
