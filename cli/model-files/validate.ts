// `leadgrade validate`: checks the model, the mappings and people.yaml, and prints file, line and
// path of every problem.
import { glob } from 'node:fs/promises';
import { connectorIds } from '../../connectors/registry.ts';
import { formatProblem, type Problem } from '../../src/domain/problem.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';
import { modelFile } from '../product/load-model.ts';
import { readText } from '../product/read-text.ts';
import type { CommandIo } from '../terminal/io.ts';

export interface ValidateOptions {
  readonly model?: string;
  readonly mapping?: readonly string[];
  readonly json?: true;
}

export async function validate(io: CommandIo, options: ValidateOptions): Promise<void> {
  const model = modelFile(io.env, options.model);
  const mappings = options.mapping ?? (await defaultMappings(model));
  const problems = [...(await modelProblems(model))];
  for (const file of mappings) problems.push(...(await mappingProblems(file)));
  const isValid = !problems.some((problem) => problem.level === 'error');
  const files = [model, ...mappings];
  const printed = options.json ? JSON.stringify({ valid: isValid, files, problems }) : toText(problems, files, isValid);
  io.stdout.write(`${printed}\n`);
  if (!isValid) io.setExitCode(2);
}

async function defaultMappings(model: string): Promise<string[]> {
  const files: string[] = [];
  for await (const file of glob('mappings/*.yaml')) files.push(file);
  return files.filter((file) => file !== model && file !== 'mappings/model.yaml').sort();
}

async function modelProblems(file: string): Promise<readonly Problem[]> {
  const text = await readText(file);
  return typeof text === 'string' ? readModel(text, file).problems : [text];
}

async function mappingProblems(file: string): Promise<readonly Problem[]> {
  const text = await readText(file);
  if (typeof text !== 'string') return [text];
  if (/^csv:/m.test(text)) return (await import('../../src/csv/csv-mapping.ts')).readCsvMapping(text, file).problems;
  if (/^match:/m.test(text)) {
    const { readPeople } = await import('../../src/people/people-policy.ts');
    return readPeople(text, file, await connectorIds()).problems;
  }
  // The mapping of a CRM has activities, too.
  if (/^activities:/m.test(text) && !/^(crm|fields|write_back):/m.test(text)) {
    return (await import('../../src/mapping/events-mapping.ts')).readEventsMapping(text, file).problems;
  }
  return (await import('../../src/mapping/mapping.ts')).readMapping(text, file).problems;
}

function toText(problems: readonly Problem[], files: readonly string[], isValid: boolean): string {
  const lines = problems.map((problem) => `${problem.level}: ${formatProblem(problem)}`);
  return [...lines, isValid ? `${files.join(', ')}: valid.` : 'Not valid.'].join('\n');
}
