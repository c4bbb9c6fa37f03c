// Reads and compiles the model file.
import { type CompiledModel, compileModel } from '../../../src/scoring/compile/compile.ts';
import type { WantedKind } from '../../../src/scoring/lead-input/wanted-kind.ts';
import type { Model } from '../../../src/scoring/schemas/model-schema.ts';
import { loadUnchangedFile } from '../../model-files/read-text.ts';

const DEFAULT_MODEL_FILE = 'mappings/model.yaml';

/** The file of the option `--model`, else of MODEL_FILE, else the default. */
export function modelFile(env: NodeJS.ProcessEnv, option: string | undefined): string {
  return option ?? (env.MODEL_FILE || DEFAULT_MODEL_FILE);
}

export interface LoadedModel {
  readonly compiled: CompiledModel;
  readonly source: Model;
  /** What the commands say about rules that never count: one line at most. */
  readonly warnings: readonly string[];
  /** The fields that the model compares with values of one kind. */
  readonly kinds: ReadonlyMap<string, WantedKind>;
  readonly text: string;
}

/** @throws ConfigurationError that lists all problems of the file, also that it cannot be read */
export async function loadModel(file: string): Promise<LoadedModel> {
  const { value, text } = await loadUnchangedFile(file, 'model', async (content) => {
    const { readModel } = await import('../../../src/scoring/schemas/model.ts');
    const { findDeadRules } = await import('../../../src/scoring/dead-rules/find-dead-rules.ts');
    const { ruleWarnings } = await import('../../model-files/rule-warnings.ts');
    const { model, problems } = readModel(content, file);
    const { wantedKinds } = await import('../../../src/scoring/dead-rules/wanted-kinds.ts');
    if (model === null) return { value: null, problems };
    const warnings = ruleWarnings(findDeadRules(model, new Map()).problems);
    return { value: { source: model, warnings, kinds: wantedKinds(model) }, problems };
  });
  return { ...value, compiled: compileModel(value.source), text };
}
