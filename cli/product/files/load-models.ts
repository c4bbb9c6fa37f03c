// The models that score side by side: of MODEL_FILE, which is a model or a list of models.
import { dirname, isAbsolute, join } from 'node:path';
import { type ScoredModel, toModelWhere } from '../../../jobs/context.ts';
import { formatProblems, type Problem } from '../../../src/domain/problem.ts';
import { sha256Hex } from '../../../src/domain/texts/sha256-hex.ts';
import type { ModelEntry } from '../../../src/scoring/model-set/model-set-schema.ts';
import { kindOfText } from '../../../src/yaml/file-kind.ts';
import { readText } from '../../model-files/read-text.ts';
import { ConfigurationError } from '../configuration-error.ts';
import { type LoadedModel, loadModel } from './load-model.ts';

interface LoadOptions {
  /** The name of a shadow model of the list that is to be live. */
  readonly promote?: string | undefined;
}

/**
 * The first live one first.
 * @throws ConfigurationError that lists all problems of the list and of the first model that has one
 */
export async function loadModels(file: string, { promote }: LoadOptions = {}): Promise<readonly ScoredModel[]> {
  const text = await readText(file);
  if (typeof text === 'string' && kindOfText(text) === 'models') return loadSet(file, text, promote);
  if (promote !== undefined) throw noShadow(file, promote, []);
  const model = await loadModel(file);
  return [{ ...scored(model), key: null, name: model.source.name, role: 'live', where: null }];
}

/** @returns the entries as if the shadow model of that name had `role: live` @throws ConfigurationError without one */
function promoted(file: string, entries: readonly ModelEntry[], name: string): readonly ModelEntry[] {
  const shadows = entries.filter(({ role }) => role === 'shadow').map((entry) => entry.name);
  if (entries.some((entry) => entry.name === name && entry.role !== 'shadow')) {
    throw new ConfigurationError(
      `--promote ${name}: ${file} has it with role: live already. npx leadgrade apply puts that in force.`,
    );
  }
  if (!shadows.includes(name)) throw noShadow(file, name, shadows);
  return entries.map((entry) => (entry.name === name ? { ...entry, role: 'live' } : entry));
}

function noShadow(file: string, name: string, shadows: readonly string[]): ConfigurationError {
  const known = shadows.length === 0 ? 'It has none.' : `Its shadow models: ${shadows.join(', ')}.`;
  return new ConfigurationError(`--promote ${name}: ${file} has no shadow model of that name. ${known}`);
}

async function loadSet(file: string, text: string, promote: string | undefined): Promise<readonly ScoredModel[]> {
  const { inOrder, readModelSet } = await import('../../../src/scoring/model-set/model-set.ts');
  const { set, problems, toProblem } = readModelSet(text, file);
  if (set === null) throw invalid(problems);
  const models: (ScoredModel & { readonly index: number })[] = [];
  const entries = promote === undefined ? set.models : promoted(file, set.models, promote);
  for (const [index, entry] of entries.entries()) {
    models.push({ ...(await loadEntry(file, entry)), index });
  }
  const twins = models.flatMap(({ hash, index }) => {
    const first = models.find((other) => other.hash === hash);
    if (first === undefined || first.index === index) return [];
    const message = `the model is the same as that of ${first.name}.`;
    const fix = `Write one entry whose where has the leads of both, or raise the version in a copy of the file.`;
    return [toProblem({ level: 'error', path: ['models', index, 'file'], message, fix })];
  });
  if (twins.length > 0) throw invalid(twins);
  return inOrder(models).map(({ index: _, ...model }, position) => {
    return { ...model, key: position === 0 ? null : model.name };
  });
}

function invalid(problems: readonly Problem[]): ConfigurationError {
  return new ConfigurationError(formatProblems(problems.filter(({ level }) => level === 'error')).join('\n'));
}

/** The file of an entry, as its list names it. */
export function entryFile(list: string, { file }: Pick<ModelEntry, 'file'>): string {
  return isAbsolute(file) ? file : join(dirname(list), file);
}

async function loadEntry(list: string, entry: ModelEntry): Promise<ScoredModel> {
  const { name, role = 'live', where } = entry;
  const model = await loadModel(entryFile(list, entry));
  return { ...scored(model), key: name, name, role, where: where === undefined ? null : toModelWhere(where) };
}

function scored({ compiled, text }: LoadedModel) {
  return { compiled, text, hash: sha256Hex(text) };
}
