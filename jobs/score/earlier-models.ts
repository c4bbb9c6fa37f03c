// The labels of models that gave earlier results: a result whose labels alone changed is a new one.
import type { LineTexts } from '../../src/domain/stored-lines.ts';
import { compileModel } from '../../src/scoring/compile/compile.ts';
import { lineTexts } from '../../src/scoring/line-texts.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';

const NONE: LineTexts = new Map();
const known = new Map<string, LineTexts>();

/** The labels of the models that this process has met, by hash. */
export const knownModels: ReadonlyMap<string, LineTexts> = known;

/**
 * Adds models to `knownModels`: without labels if this version cannot read the text.
 * @param models their texts by hash
 */
export function addModels(models: ReadonlyMap<string, string>): void {
  for (const [hash, text] of models) {
    const { model } = readModel(text, 'stored model');
    known.set(hash, model === null ? NONE : lineTexts(compileModel(model)));
  }
}
