// A model file that is not the applied model: leads are scored with another text than the file has.
import { toAppliedModel } from '../../../jobs/applied-model.ts';
import type { ScoredModel } from '../../../jobs/context.ts';
import { formatProblem } from '../../../src/domain/problem.ts';
import { modelName } from '../../../src/domain/texts/model-name.ts';
import { sha256Hex } from '../../../src/domain/texts/sha256-hex.ts';
import { modelsDifferences } from '../../../src/review/plan/models-differences.ts';
import { hashOfModels } from '../../../src/store/models/applied.ts';
import { ConfigurationError } from '../../product/configuration-error.ts';
import { loadModels } from '../../product/files/load-models.ts';
import { shippedFile } from '../../product/files/shipped-file.ts';
import { readText } from '../read-text.ts';
import { toListedModels } from './listed-models.ts';
import type { ModelChange } from './model-changes.ts';

const MAX_DIFFERENCES = 5;

interface UnappliedFile extends ModelChange {
  /** `other-model`: it is one model, as is what is applied. */
  readonly kind: 'unreadable' | 'other-model' | 'other-list';
}

/** @returns null if the file has the applied models */
export async function findUnappliedFile(
  modelFile: string,
  applied: readonly ScoredModel[],
): Promise<UnappliedFile | null> {
  const file = shippedFile(modelFile);
  const names = applied.map(({ compiled, hash }) => modelName({ name: compiled.id, hash }));
  const still = `leads are scored with the applied model${names.length === 1 ? '' : 's'}, ${names.join(', ')}`;
  const unreadable = { kind: 'unreadable', fix: 'Correct it; npx leadgrade validate checks it.' } as const;
  const text = await readText(file);
  if (typeof text !== 'string') return { ...unreadable, message: `${formatProblem(text)} Until then ${still}.` };
  const before = applied.map(toAppliedModel);
  // Without compiling it again.
  if (sha256Hex(text) === hashOfModels(before)) return null;
  let next: readonly ScoredModel[];
  try {
    next = await loadModels(file);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const [first] = error.message.split('\n');
    return { ...unreadable, message: `${file} is not valid, and ${still}. ${first}` };
  }
  if (hashOfModels(before) === hashOfModels(next.map(toAppliedModel))) return null;
  return {
    kind: applied.length === 1 && next.length === 1 ? 'other-model' : 'other-list',
    message: `${file} is not applied: ${still}. In the file: ${shortened(modelsDifferences(toListedModels(applied), toListedModels(next)))}.`,
    fix: 'Run npx leadgrade plan, then npx leadgrade apply.',
  };
}

function shortened(changes: readonly string[]): string {
  if (changes.length === 0) return 'nothing that gives another score';
  const more = changes.length - MAX_DIFFERENCES;
  return [...changes.slice(0, MAX_DIFFERENCES), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}
