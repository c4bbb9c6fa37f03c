// Reads and compiles the model file for a command; what is wrong with it goes to standard error.
import { readFile } from 'node:fs/promises';
import { formatProblem, type Problem } from '../../src/domain/problem.ts';
import { type CompiledModel, compileModel } from '../../src/scoring/compile/compile.ts';
import { type Model, readModel } from '../../src/scoring/schemas/model.ts';
import type { CommandIo } from '../terminal/io.ts';

export const DEFAULT_MODEL_FILE = 'mappings/model.yaml';

/** The file named by the option, else by MODEL_FILE, else the default one. */
export function modelFile(io: CommandIo, option: string | undefined): string {
  return option ?? (io.env.MODEL_FILE || DEFAULT_MODEL_FILE);
}

/** A file that cannot be read is a problem of that file. */
export async function readModelFile(file: string): Promise<{ model: Model | null; problems: Problem[] }> {
  const text = await readText(file);
  return typeof text === 'string' ? readModel(text, file) : { model: null, problems: [text] };
}

/** @returns the text, or why there is none */
export async function readText(file: string): Promise<string | Problem> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const fix = 'Check the path; it is relative to the folder that the command runs in.';
    return { level: 'error', file, path: '', message: `cannot be read (${reason}).`, fix };
  }
}

/** @returns null when the model has errors; they are on standard error then */
export async function loadModel(io: CommandIo, file: string): Promise<CompiledModel | null> {
  const { model, problems } = await readModelFile(file);
  if (model) return compileModel(model);
  for (const problem of problems) io.stderr.write(`${formatProblem(problem)}\n`);
  return null;
}
