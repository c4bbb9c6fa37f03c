// Reads and compiles the model file.
import { type CompiledModel, compileModel } from '../../../src/scoring/compile/compile.ts';
import { type Model, readModel } from '../../../src/scoring/schemas/model.ts';
import { loadFile } from '../../model-files/read-text.ts';

const DEFAULT_MODEL_FILE = 'mappings/model.yaml';

/** The file of the option `--model`, else of MODEL_FILE, else the default. */
export function modelFile(env: NodeJS.ProcessEnv, option: string | undefined): string {
  return option ?? (env.MODEL_FILE || DEFAULT_MODEL_FILE);
}

export interface LoadedModel {
  readonly compiled: CompiledModel;
  readonly source: Model;
  readonly text: string;
}

/** @throws ConfigurationError that lists all problems of the file, also that it cannot be read */
export async function loadModel(file: string): Promise<LoadedModel> {
  const { value, text } = await loadFile(file, (content) => {
    const { model, problems } = readModel(content, file);
    return { value: model, problems };
  });
  return { compiled: compileModel(value), source: value, text };
}
