// The option `--model` of commands that take the name of one of several models, or a model file.
import { existsSync } from 'node:fs';
import type { JobContext } from '../../jobs/context.ts';
import { shippedFile } from '../product/files/shipped-file.ts';
import type { ReplayChoice } from './replay.ts';

/** A file that exists is not taken for a name. */
export interface ModelOption {
  readonly name?: string;
  readonly file?: string;
}

const NAME = /^[a-z][a-z0-9_]*$/;

export function modelOption(given: string | undefined): ModelOption {
  if (given === undefined) return {};
  return NAME.test(given) && !existsSync(shippedFile(given)) ? { name: given } : { file: given };
}

/** @param context opened with the file, if one is given */
export function replayChoice({ model }: JobContext, { name, file }: ModelOption): ReplayChoice | undefined {
  if (name !== undefined) return { name };
  return file === undefined ? undefined : { model };
}
