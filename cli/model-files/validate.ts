// `npx leadgrade validate`: checks the model, the mappings and people.yaml, and prints file, line,
// column and path of every problem; of a valid model, how its bands are reached.
import { existsSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { basename, normalize } from 'node:path';
import { connectorIds } from '../../connectors/registry.ts';
import { formatProblemsWithLevel, type Problem } from '../../src/domain/problem.ts';
import type { FieldFacts } from '../../src/scoring/dead-rules/field-types.ts';
import { type FileKind, kindOfText } from '../../src/yaml/file-kind.ts';
import { modelFile } from '../product/files/load-model.ts';
import { shippedFile } from '../product/files/shipped-file.ts';
import type { CommandIo } from '../terminal/io.ts';
import { fieldFacts } from './field-facts.ts';
import { type Judged, judgeMapping, judgeModel } from './judge-file.ts';
import { judgeModelSet, modelsOfSet } from './judge-model-set.ts';
import type { LocatedModel, UseFound } from './judge-use.ts';
import { readText } from './read-text.ts';
import { changedUnderOneVersion } from './versions/model-changes.ts';

export interface ValidateOptions {
  readonly model?: string;
  readonly mapping?: readonly string[];
  /** `store`, or a file of leads. */
  readonly against?: string;
  readonly asOf?: Date;
  readonly json?: true;
}

/** A file with its text, or the problem that it cannot be read. */
interface Opened {
  readonly file: string;
  readonly text: string | Problem;
  readonly kind: FileKind | null;
}

/** @param named files of any kind; none: the model and all mappings of the folder */
export async function validate(io: CommandIo, named: readonly string[], options: ValidateOptions): Promise<void> {
  const opened = await openAll(io, named, options);
  const { models, problems: inFiles, reach } = await judgeAll(opened);
  const use = await judgeUseOf(io, models, opened, options);
  const problems = [...inFiles, ...(await unraisedVersions(io, models)), ...(use?.problems ?? [])];
  const files = opened.map(({ file }) => file);
  const isValid = !problems.some(({ level }) => level === 'error');
  const printed = options.json
    ? JSON.stringify({
        valid: isValid,
        files,
        problems: problems.map(({ listed, ...problem }) => problem),
        ...(use !== null && { judged: use.judged }),
      })
    : [
        ...formatProblemsWithLevel(problems),
        ...reach,
        ...(use?.lines ?? []),
        isValid ? `${files.join(', ')}: valid.` : 'Not valid.',
      ].join('\n');
  io.stdout.write(`${printed}\n`);
  if (!isValid) io.setExitCode(2);
}

/**
 * What is wrong with a model, or with a list of models and those that it names, in the light of the mappings of the
 * folder. Whether their versions were raised is not looked at.
 */
export async function judgeModelFile(model: string): Promise<readonly Problem[]> {
  const opened = await withModelsOfSets(await openDefaults(model, await mappingFiles(model)));
  const own = new Set([model, ...opened.flatMap((each) => modelsIn(each).map(({ file }) => file))].map(normalize));
  // Drafts beside it are not what is to be applied.
  const used = opened.filter(({ file, kind }) => (kind !== 'model' && kind !== 'models') || own.has(normalize(file)));
  const { problems } = await judgeAll(used);
  return problems.filter(({ file }) => own.has(normalize(file)));
}

/** Models that changed while their version did not. */
async function unraisedVersions(io: CommandIo, models: readonly ValidModel[]): Promise<readonly Problem[]> {
  const named = models.map(({ model: { name, version }, text }) => ({ name: `${name}@${version}`, text }));
  const changes = await changedUnderOneVersion(io.env, named);
  return models.flatMap(({ file }, index): Problem[] => {
    const change = changes[index] ?? null;
    return change === null ? [] : [{ level: 'warning', file, path: 'version', ...change }];
  });
}

/** Null without --against, or without a valid model. */
async function judgeUseOf(
  io: CommandIo,
  models: readonly LocatedModel[],
  opened: readonly Opened[],
  { against, asOf }: ValidateOptions,
): Promise<(UseFound & { readonly lines: readonly string[] }) | null> {
  if (against === undefined || models.length === 0) return null;
  const { judgeUse, judgedLines } = await import('./judge-use.ts');
  const [mapping, other] = opened.filter(({ kind }) => kind === 'csv').map(({ file }) => file);
  if (other !== undefined && /\.csv$/i.test(against)) {
    io.stderr.write(
      `--against ${against}: ${mapping} and ${other} both describe exports. Name the one that fits it.\n`,
    );
    io.setExitCode(2);
    return null;
  }
  const found = await judgeUse(io, models, { leads: against, mapping, asOf: asOf ?? io.clock.now() });
  return { ...found, lines: judgedLines(found, against) };
}

interface ValidModel extends LocatedModel {
  readonly text: string;
}

interface Found {
  readonly models: readonly ValidModel[];
  readonly problems: readonly Problem[];
  readonly reach: readonly string[];
}

/** Mappings first: they tell what the fields of a model hold. Problems of models are printed first. */
async function judgeAll(opened: readonly Opened[]): Promise<Found> {
  const others: Problem[] = [];
  const judged: Judged[] = [];
  for (const { file, text, kind } of opened) {
    if (typeof text !== 'string') others.push(text);
    else if (kind === null) others.push(unclear(file));
    else if (kind !== 'model' && kind !== 'models') judged.push(await judgeMapping(text, file, kind));
  }
  const facts = fieldFacts(await knownFields(judged));
  const given = givenFields(opened, judged);
  const listed = opened.flatMap(modelsIn);
  const models = opened.flatMap(({ file, text, kind }): Found[] => {
    if (typeof text !== 'string' || kind !== 'model') return [];
    const where = listed.find((each) => normalize(each.file) === normalize(file))?.where ?? null;
    return [modelProblems({ file, text, where, facts, given })];
  });
  const scopes = judged.flatMap(({ scope }) => scope ?? []);
  const sets = opened.flatMap(({ file, text, kind }) =>
    typeof text === 'string' && kind === 'models' ? judgeModelSet(text, file, { given, scopes }) : [],
  );
  const problems = [...sets, ...[...models, ...judged].flatMap((each) => each.problems)];
  return {
    models: models.flatMap((each) => each.models),
    problems: [...problems, ...others],
    reach: models.flatMap(({ reach }) => reach),
  };
}

async function openAll(
  io: CommandIo,
  named: readonly string[],
  { model, mapping }: ValidateOptions,
): Promise<readonly Opened[]> {
  if (named.length > 0) return withModelsOfSets(await Promise.all(named.map((file) => open(file, null))));
  const main = modelFile(io.env, model);
  return withModelsOfSets(await openDefaults(main, mapping ?? (await defaultFiles(main))));
}

function openDefaults(model: string, others: readonly string[]): Promise<readonly Opened[]> {
  return Promise.all([open(model, 'model'), ...others.map((file) => open(file, null))]);
}

/** Of a list of models, those that it names. */
function modelsIn({ file, text, kind }: Opened): ReturnType<typeof modelsOfSet> {
  return typeof text === 'string' && kind === 'models' ? modelsOfSet(text, file) : [];
}

/** Adds the models that a list names, each once. */
async function withModelsOfSets(opened: readonly Opened[]): Promise<readonly Opened[]> {
  const files = opened.flatMap((each) => modelsIn(each).map(({ file }) => file));
  const known = new Set(opened.map(({ file }) => normalize(file)));
  const added = [...new Set(files.map(normalize))].filter((file) => !known.has(file));
  return [...opened, ...(await Promise.all(added.map((file) => open(file, 'model'))))];
}

async function open(file: string, wanted: FileKind | null): Promise<Opened> {
  const text = await readText(file);
  if (typeof text !== 'string') return { file, text, kind: wanted };
  // An empty file is named by what its name says.
  const isEmpty = text.split('\n').every((line) => /^\s*(#|$)/.test(line));
  const byName = /model/i.test(basename(file)) ? 'model' : 'crm';
  const found = kindOfText(text);
  if (found === 'models' && wanted === 'model') return { file, text, kind: found };
  return { file, text, kind: wanted ?? (isEmpty ? byName : found) };
}

/** The mappings, and the drafts of models in `models/`. */
function defaultFiles(model: string): Promise<string[]> {
  return filesOf(model, ['mappings/*.yaml', 'models/*.yaml']);
}

function mappingFiles(model: string): Promise<string[]> {
  return filesOf(model, ['mappings/*.yaml']);
}

async function filesOf(model: string, patterns: string[]): Promise<string[]> {
  const files: string[] = [];
  for await (const file of glob(patterns)) files.push(file);
  return files.filter((file) => file !== model && file !== 'mappings/model.yaml').sort();
}

function unclear(file: string): Problem {
  const message = 'the keys of the file do not tell what it is.';
  const fix =
    'A model begins with name and version, the mapping of a CRM with crm, that of an export with csv, people.yaml with match.';
  return { level: 'error', file, path: '', message, fix };
}

/** The fields that the named mappings give; null: none is named, or one is not valid. */
function givenFields(opened: readonly Opened[], judged: readonly Judged[]): ReadonlySet<string> | null {
  const named = opened.filter(({ kind }) => kind === 'crm' || kind === 'csv');
  const valid = judged.flatMap(({ fields }) => fields ?? []);
  if (valid.length === 0 || valid.length < named.length) return null;
  return new Set(valid.flatMap(({ fields }) => Object.keys(fields)));
}

/** The fields of the mappings that are judged; without one, of those that the service would use. */
async function knownFields(judged: readonly Judged[]): Promise<readonly NonNullable<Judged['fields']>[]> {
  const given = judged.flatMap(({ fields }) => fields ?? []);
  if (given.length > 0) return given;
  const used = (await connectorIds())
    .map((crm) => shippedFile(`mappings/${crm}.yaml`))
    .filter((file) => existsSync(file));
  const found = await Promise.all(
    used.map(async (file) => {
      const text = await readText(file);
      return typeof text === 'string' ? judgeMapping(text, file, 'crm') : { problems: [text] };
    }),
  );
  return found.flatMap(({ fields }: Judged) => fields ?? []);
}

interface NamedModel {
  readonly file: string;
  readonly text: string;
  readonly where: LocatedModel['where'];
  readonly facts: FieldFacts;
  readonly given: ReadonlySet<string> | null;
}

function modelProblems({ file, text, where, facts, given }: NamedModel): Found {
  const { model, problems, reach: lines, locate } = judgeModel(text, file, facts, given);
  const reach = lines.map((line, index) => (index === 0 ? `${file}: ${line}` : line));
  return { models: model === null ? [] : [{ file, text, where, model, locate }], problems, reach };
}
