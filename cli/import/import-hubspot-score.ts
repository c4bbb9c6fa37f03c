// `npx leadgrade import hubspot-score score.json`: a lead score of HubSpot as a model file, with a
// list of what does not map. Calls no API.
import { writeFile } from 'node:fs/promises';
import { Document, isMap, visit } from 'yaml';
import type { ImportNote } from '../../connectors/hubspot/lead-score/imported.ts';
import { scoreSchema } from '../../connectors/hubspot/lead-score/score-schema.ts';
import type { ImportedModel } from '../../connectors/hubspot/lead-score/to-model.ts';
import { toModel } from '../../connectors/hubspot/lead-score/to-model.ts';
import { formatProblems } from '../../src/domain/problem.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';
import { openText } from '../model-files/read-text.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
import { loadMapping, loadMappingFile } from '../product/files/load-mapping.ts';
import { reportFailures } from '../product/report-failures.ts';
import type { CommandIo } from '../terminal/io.ts';

export interface ImportOptions {
  readonly mapping?: string;
  readonly out?: string;
  readonly json: boolean;
}

export function importHubspotScore(io: CommandIo, file: string, options: ImportOptions): Promise<void> {
  return reportFailures(io, async () => {
    const mapping = await (options.mapping === undefined ? loadMapping('hubspot') : loadMappingFile(options.mapping));
    const imported = toModel(parseScore(await openText(file), file), mapping);
    const text = modelText(imported, file);
    const { problems } = readModel(text, options.out ?? 'model');
    const errors = problems.filter(({ level }) => level === 'error');
    if (errors.length > 0) throw new ConfigurationError(formatProblems(errors).join('\n'));
    if (options.out !== undefined) await writeNew(options.out, text);
    if (options.json) io.stdout.write(`${JSON.stringify(imported)}\n`);
    else if (options.out === undefined) io.stdout.write(text);
    if (!options.json) io.stderr.write(`${linesOf(imported.notes).join('\n')}\n`);
    // Some of it is to be written by hand.
    io.setExitCode(imported.notes.length > 0 ? 1 : 0);
  });
}

function parseScore(text: string, file: string) {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ConfigurationError(`${file} is not valid JSON. Save the answer of the API unchanged.`, { cause: error });
  }
  const parsed = scoreSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new ConfigurationError(
    `${file} is not the configuration of a lead score: ${path || 'the whole file'} is missing or of another kind. ` +
      'Save the answer of GET /marketing/lead-scoring/2026-09-beta/scores/{scoreId}.',
  );
}

function modelText({ model, notes }: ImportedModel, file: string): string {
  const head = [
    `# Imported from the HubSpot lead score in ${file}. Raise version with every change.`,
    ...(notes.length === 0 ? [] : ['#', ...linesOf(notes).map((line) => `# ${line}`)]),
  ];
  const document = new Document(model);
  visit(document, {
    Map: (_key, node, path) => {
      // A case, a tier and a condition are one line each.
      if (path.filter(isMap).length > 2) node.flow = true;
    },
  });
  return `${head.join('\n')}\n\n${document.toString({ lineWidth: 0 })}`;
}

function linesOf(notes: readonly ImportNote[]): string[] {
  if (notes.length === 0) return ['Everything was imported.'];
  return [
    'Not imported, or different:',
    ...notes.map(({ part, why, write }) => `- ${part}: ${why} Write by hand: ${write}`),
  ];
}

async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    throw new ConfigurationError(`${file} exists already. Name another file.`, { cause: error });
  }
}
