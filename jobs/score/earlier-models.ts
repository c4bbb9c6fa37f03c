// The labels of models that gave earlier results: a result whose labels alone changed is a new one.
import type { LineTexts } from '../../src/domain/stored-lines.ts';
import { compileModel } from '../../src/scoring/compile/compile.ts';
import { lineTexts } from '../../src/scoring/line-texts.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';

const NONE: LineTexts = new Map();
const cache = new Map<string, LineTexts>();

/**
 * @param models the texts of models, by hash
 * @returns the labels by hash; none for a text that this version cannot read
 */
export function textsOfModels(models: ReadonlyMap<string, string>): ReadonlyMap<string, LineTexts> {
  return new Map([...models].map(([hash, text]) => [hash, textsOf(hash, text)]));
}

function textsOf(hash: string, text: string): LineTexts {
  const cached = cache.get(hash);
  if (cached !== undefined) return cached;
  const { model } = readModel(text, 'stored model');
  const texts = model === null ? NONE : lineTexts(compileModel(model));
  cache.set(hash, texts);
  return texts;
}
