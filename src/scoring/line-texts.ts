// The labels that the lines of a model can have, for stored results (src/domain/stored-lines.ts).
import type { Dimension } from '../domain/score-result.ts';
import type { LineText, LineTexts } from '../domain/stored-lines.ts';
import type { CompiledModel } from './compile/compile.ts';

const cache = new WeakMap<CompiledModel, LineTexts>();

/** Computed once for each model. */
export function lineTexts(model: CompiledModel): LineTexts {
  const cached = cache.get(model);
  if (cached !== undefined) return cached;
  const texts = readTexts(model);
  cache.set(model, texts);
  return texts;
}

function readTexts({ fit, behavior }: CompiledModel): LineTexts {
  const texts = new Map<string, LineText[]>();
  const add = (dimension: Dimension, signal: string, label: string) => {
    const known = texts.get(signal) ?? [];
    if (!known.some((text) => text.label === label && text.dimension === dimension)) known.push({ dimension, label });
    texts.set(signal, known);
  };
  for (const { id, label, cases } of fit.criteria) {
    for (const each of cases) add('fit', id, each.label);
    add('fit', id, label);
  }
  for (const { id, label } of behavior.signals) add('behavior', id, label);
  for (const { id, label } of behavior.groups) add('behavior', `cap:${id}`, label);
  add('behavior', 'limit:behavior', 'limit:behavior');
  return texts;
}
