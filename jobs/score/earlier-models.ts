// The models that gave earlier results, as far as the next ones depend on them: a result whose labels alone changed is
// a new one, and thresholds hold a lead only if they are of the score that the bands rank today.
import type { LineTexts } from '../../src/domain/stored-lines.ts';
import { compileModel } from '../../src/scoring/compile/compile.ts';
import { lineTexts } from '../../src/scoring/line-texts.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';
import type { CompiledStatus } from '../../src/scoring/status.ts';

export interface EarlierModel {
  readonly texts: LineTexts;
  /** Null: this version cannot read the model. */
  readonly basis: CompiledStatus['basis'] | null;
}

export type EarlierModels = ReadonlyMap<string, EarlierModel>;

const UNREADABLE: EarlierModel = { texts: new Map(), basis: null };
const known = new Map<string, EarlierModel>();

/** The models that this process has met, by hash. */
export const knownModels: EarlierModels = known;

/**
 * Adds models to `knownModels`: without labels if this version cannot read the text.
 * @param models their texts by hash
 */
export function addModels(models: ReadonlyMap<string, string>): void {
  for (const [hash, text] of models) {
    if (!known.has(hash)) known.set(hash, earlierModel(text));
  }
}

function earlierModel(text: string): EarlierModel {
  const { model } = readModel(text, 'stored model');
  if (model === null) return UNREADABLE;
  const compiled = compileModel(model);
  return { texts: lineTexts(compiled), basis: compiled.status.basis };
}
