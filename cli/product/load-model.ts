// Reads and compiles the model file.
import { readFile } from 'node:fs/promises';
import { formatProblem, type Problem } from '../../src/domain/problem.ts';
import { type CompiledModel, compileModel } from '../../src/scoring/compile/compile.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';
import { ConfigurationError } from './configuration-error.ts';

const DEFAULT_MODEL_FILE = 'mappings/model.yaml';

/** The file of the option `--model`, else of MODEL_FILE, else the default. */
export function modelFile(env: NodeJS.ProcessEnv, option: string | undefined): string {
  return option ?? (env.MODEL_FILE || DEFAULT_MODEL_FILE);
}

/** @throws ConfigurationError that lists all problems of the file, also that it cannot be read */
export async function loadModel(file: string): Promise<{ readonly compiled: CompiledModel; readonly text: string }> {
  const text = await readText(file);
  if (typeof text !== 'string') throw new ConfigurationError(formatProblem(text));
  const { model, problems } = readModel(text, file);
  if (!model) throw new ConfigurationError(problems.map(formatProblem).join('\n'));
  return { compiled: compileModel(model), text };
}

/** @returns the text, or a problem that says why the file cannot be read */
export async function readText(file: string): Promise<string | Problem> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const fix = 'Check the path; it is relative to the folder that the command runs in.';
    return { level: 'error', file, path: '', message: `cannot be read (${reason}).`, fix };
  }
}
