// The leads of a file: NDJSON, or a CSV export with its mapping.
import { createReadStream } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import type { CompiledModel } from '../../src/scoring/compile/compile.ts';
import { wantedKinds } from '../../src/scoring/dead-rules/wanted-kinds.ts';
import type { Model } from '../../src/scoring/schemas/model-schema.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
import type { Source } from '../score/entries.ts';
import { readCsv } from '../score/read-csv.ts';
import { readNdjson } from '../score/read-ndjson.ts';
import { withTitleFields } from '../score/score.ts';
import type { CommandIo } from '../terminal/io.ts';

export interface LeadFile {
  readonly file: string;
  /** The mapping of a CSV export; undefined: none was named. */
  readonly mapping: string | undefined;
  /** The instant of scoring, in epoch milliseconds. */
  readonly asOf: number;
}

/**
 * @returns the leads, with what the model makes of their job titles
 * @throws ConfigurationError if the file or its mapping cannot be used
 */
export async function openLeadFile(
  io: CommandIo,
  { file, mapping, asOf }: LeadFile,
  { source, compiled }: { readonly source: Model; readonly compiled: CompiledModel },
): Promise<Source> {
  await access(file, constants.R_OK).catch(() => {
    throw new ConfigurationError(`${file} cannot be read. Check the path.`);
  });
  if ((await stat(file)).isDirectory()) throw new ConfigurationError(`${file} is a folder. Name a file in it.`);
  if (/\.(ndjson|jsonl|json)$/i.test(file)) {
    const kinds = wantedKinds(source);
    return withTitleFields(readNdjson(io, createReadStream(file), { compiled, kinds, asOf }), source);
  }
  if (mapping === undefined) {
    throw new ConfigurationError(`${file} needs the mapping of its columns: name that file, too (docs/exports.md).`);
  }
  const opened = await readCsv(io, { csv: file, mapping }, compiled, asOf);
  // What is wrong with the file or its mapping is printed already.
  if (opened === null) throw new ConfigurationError(`${file} was not read.`);
  return withTitleFields(opened, source);
}
