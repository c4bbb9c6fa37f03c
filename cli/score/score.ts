// `npx leadgrade score`: scores leads offline, one a line of NDJSON or one a row of a CSV export. No
// CRM, no database, no network; memory use does not depend on the size of the file.
import { createReadStream } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import type { CompiledModel } from '../../src/scoring/compile/compile.ts';
import { explain } from '../../src/scoring/explanation/explain.ts';
import type { Model } from '../../src/scoring/schemas/model-schema.ts';
import { scoreLead } from '../../src/scoring/score-lead.ts';
import { parseInstant } from '../../src/scoring/time/instant.ts';
import { createTitleFields, TITLE_FIELDS } from '../../src/titles/read-title.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
import { loadModel, modelFile } from '../product/files/load-model.ts';
import { loadTitles } from '../product/files/load-titles.ts';
import type { CommandIo } from '../terminal/io.ts';
import type { Entry, LeadEntry, Output, RejectedEntry, ScoredEntry, Source } from './entries.ts';
import { printResults } from './print-results.ts';
import type { CsvSource } from './read-csv.ts';
import { readNdjson } from './read-ndjson.ts';
import { UsageError } from './usage-error.ts';

export interface ScoreOptions {
  readonly model?: string;
  readonly input: string;
  readonly csv?: string;
  readonly mapping?: string;
  readonly out?: string;
  readonly force?: true;
  readonly sample?: true;
  readonly asOf?: string;
  readonly json?: true;
}

export async function score(io: CommandIo, options: ScoreOptions): Promise<void> {
  try {
    await checkUsage(options);
    const now = options.asOf === undefined ? io.clock.now().getTime() : parseInstant(options.asOf);
    if (now === null) {
      throw new UsageError(
        `--as-of "${options.asOf}" is not a valid RFC 3339 instant. Write it as 2026-11-01T00:00:00Z.`,
      );
    }
    const { compiled, source: model, warnings, kinds } = await loadModel(modelFile(io.env, options.model));
    for (const warning of [...warnings, ...floorNotes(compiled)]) io.stderr.write(`${warning}\n`);
    const source = await openSource(io, options, { compiled, kinds, asOf: now });
    if (!source) io.setExitCode(2);
    else {
      const leads = await withTitleFields(source, model);
      await scoreAll(io, leads, await openOutputs(io, options, source, compiled), compiled, now);
    }
  } catch (error) {
    reportFailure(io, error);
  }
}

/** A file does not say where the bands begin that follow all leads. */
function floorNotes({ status }: CompiledModel): string[] {
  return status.bands
    .filter(({ isMoving }) => isMoving)
    .map(({ id, top, points }) => {
      const key = top === null ? 'capacity' : 'top';
      return `${id} begins at its floor of ${points} points here: its ${key} follows the leads in the database ("npx leadgrade plan" shows them).`;
    });
}

function reportFailure(io: CommandIo, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof UsageError) io.stderr.write(`error: ${message}\n`);
  else if (error instanceof ConfigurationError) io.stderr.write(`${message}\n`);
  else io.stderr.write(`leadgrade could not run: ${message}\n`);
  io.setExitCode(error instanceof UsageError || error instanceof ConfigurationError ? 2 : 3);
}

async function checkUsage({ csv, mapping, out, force, input }: ScoreOptions): Promise<void> {
  if (force && out === undefined) throw new UsageError('--force needs --out. It replaces the file that --out names.');
  if (csv === undefined) {
    if (mapping !== undefined) throw new UsageError('--mapping needs --csv. Name the export with --csv FILE.');
    if (out !== undefined) throw new UsageError('--out needs --csv. For NDJSON, redirect standard output to a file.');
    if (input !== '-' && !(await isReadable(input))) {
      throw new UsageError(`--input ${input} cannot be read. Check the path, or use - for standard input.`);
    }
    return;
  }
  if (mapping === undefined) {
    throw new UsageError('--csv needs --mapping FILE, which describes the columns (docs/exports.md).');
  }
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
  scoredBy: Parameters<typeof readNdjson>[2],
): Promise<Source | CsvSource | null> {
  if (csv !== undefined && mapping !== undefined) {
    const { readCsv } = await import('./read-csv.ts');
    return readCsv(io, { csv, mapping }, scoredBy.compiled, scoredBy.asOf);
  }
  return readNdjson(io, input === '-' ? io.stdin : createReadStream(input), scoredBy);
}

/**
 * With --out the results go to the file, with --sample the sample is printed; else the results are
 * printed.
 */
async function openOutputs(
  io: CommandIo,
  options: ScoreOptions,
  source: Source | CsvSource,
  model: CompiledModel,
): Promise<readonly Output[]> {
  const { out, sample, json = false } = options;
  const outputs: Output[] = [];
  if (out !== undefined && 'header' in source) {
    const { writeCsv } = await import('./write-csv.ts');
    const inputs = [options.csv, options.mapping, modelFile(io.env, options.model)];
    const { force = false } = options;
    outputs.push(await writeCsv(io, source, { path: out, force, inputs, json: json && !sample }));
  }
  if (sample) {
    const { printSampleReport } = await import('./print-sample.ts');
    outputs.push(printSampleReport(io, model, source.outcomeName, json));
  }
  return outputs.length === 0 ? [printResults(io, model, json)] : outputs;
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
  source.reportRejected(counts.refused);
  io.setExitCode(1);
}

function scoreEntry(entry: LeadEntry, model: CompiledModel, now: number): ScoredEntry | RejectedEntry {
  const result = scoreLead(entry.lead, model, now);
  return { ...entry, result, explain: () => explain(result, entry.lead, model, now, { timezone: 'UTC' }) };
}

/** The leads with those fields that are made from their job titles and that the model names. */
export async function withTitleFields(source: Source, model: Model): Promise<Source> {
  const names = JSON.stringify(model);
  const wanted = TITLE_FIELDS.filter((field) => names.includes(`"${field}"`));
  if (wanted.length === 0) return source;
  const addFields = createTitleFields((await loadTitles()).dictionary, wanted);
  async function* entries(): AsyncGenerator<Entry> {
    for await (const entry of source.entries) {
      yield 'error' in entry ? entry : { ...entry, lead: { ...entry.lead, fields: addFields(entry.lead.fields) } };
    }
  }
  return { ...source, entries: entries() };
}
