// Reads a model file in the form that jobs score with.
import type { ActiveModel } from '../../../jobs/context.ts';
import { sha256Hex } from '../../../src/domain/texts/sha256-hex.ts';
import { loadModel } from './load-model.ts';
import { shippedFile } from './shipped-file.ts';

/** @throws ConfigurationError as `loadModel` */
export async function loadActiveModel(file: string): Promise<ActiveModel> {
  const { compiled, text } = await loadModel(shippedFile(file));
  return { compiled, text, hash: sha256Hex(text) };
}
