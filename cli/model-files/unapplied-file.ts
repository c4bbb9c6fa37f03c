// A model file that is not the applied model: leads are scored with another text than the file has.
import type { ActiveModel } from '../../jobs/context.ts';
import { formatProblem } from '../../src/domain/problem.ts';
import { sha256Hex } from '../../src/domain/texts/sha256-hex.ts';
import { modelDifferences } from '../../src/review/plan/model-differences.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';
import { yamlValue } from '../../src/yaml/yaml-value.ts';
import { shippedFile } from '../product/files/shipped-file.ts';
import { type ModelChange, shortHash } from './model-changes.ts';
import { readText } from './read-text.ts';

const MAX_DIFFERENCES = 5;

/** @returns null if the file is the applied model */
export async function findUnappliedFile(
  modelFile: string,
  { compiled, hash, text: applied }: ActiveModel,
): Promise<ModelChange | null> {
  const file = shippedFile(modelFile);
  const text = await readText(file);
  const still = `leads are scored with the applied model, ${compiled.id} (${shortHash(hash)})`;
  const validate = 'Correct it; npx leadgrade validate checks it.';
  if (typeof text !== 'string') return { message: `${formatProblem(text)} Until then ${still}.`, fix: validate };
  if (sha256Hex(text) === hash) return null;
  const { model, problems } = readModel(text, file);
  const [problem] = problems;
  if (model === null) {
    const first = problem === undefined ? '' : ` ${formatProblem(problem)}`;
    return { message: `${file} is not valid, and ${still}.${first}`, fix: validate };
  }
  const changes = modelDifferences(yamlValue(applied), yamlValue(text));
  return {
    message: `${file} is not applied: ${still}. In the file: ${shortened(changes)}.`,
    fix: 'Run npx leadgrade plan, then npx leadgrade apply.',
  };
}

function shortened(changes: readonly string[]): string {
  if (changes.length === 0) return 'nothing that gives another score';
  const more = changes.length - MAX_DIFFERENCES;
  return [...changes.slice(0, MAX_DIFFERENCES), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}
