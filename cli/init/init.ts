// `npx leadgrade init`: from a token to the first dry run. Prompts for the credentials of a CRM, tries
// them, writes .env, and prints what `setup` would create.
import { resolve } from 'node:path';
import { connectorIds, loadConnector, type PromptedSetting } from '../../connectors/registry.ts';
import type { CrmConnector } from '../../src/crm/connector.ts';
import { loadConfig, readConfig } from '../product/config.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
import type { Product } from '../product/open-product.ts';
import { reportFailures } from '../product/report-failures.ts';
import { readAndReport, withThrowawayProduct } from '../runs/dry-run.ts';
import { writeTarget } from '../setup/write-target.ts';
import type { CommandIo } from '../terminal/io.ts';
import { openQuestions, type Questions } from '../terminal/prompts.ts';
import { copyPreset } from './copy-preset.ts';
import { writeEnvFile } from './env-file.ts';

export type Settings = Readonly<Record<string, string>>;

export interface InitOptions {
  readonly crm: string;
  /** A model of `mappings/presets`. */
  readonly preset?: string;
  readonly set: Settings;
  readonly force: boolean;
  readonly dryRun: boolean;
}

export function init(io: CommandIo, options: InitOptions): Promise<void> {
  return reportFailures(io, () => run(io, options));
}

async function run(io: CommandIo, options: InitOptions): Promise<void> {
  const supported = await connectorIds();
  if (!supported.includes(options.crm)) {
    throw new ConfigurationError(`Unknown CRM "${options.crm}". Supported: ${supported.join(', ')}.`);
  }
  const { promptedSettings } = await loadConnector(options.crm);
  refuseSecrets(options.set, promptedSettings);
  const model = options.preset === undefined ? {} : await presetModel(io, options.preset);
  const questions = openQuestions(io);
  try {
    const answers = { ...options.set, ...model, ...(await promptFor(promptedSettings, io, options, questions)) };
    const config = loadConfig({ ...io.env, ...answers });
    await withThrowawayProduct(io, config, { asOf: undefined }, async (product) => {
      const connector = connectorOf(product, options.crm);
      const account = await connector.describeAccount(product.context.signal);
      io.stdout.write(`${options.crm}: connected to ${account.name}.\n`);
      await saveSettings(io, { ...timezoneOf(account.timezone, { ...io.env, ...answers }), ...answers });
      const isReady = await printPlan(io, connector, product);
      await offerDryRun(io, product, options, questions, isReady);
    });
  } finally {
    questions.close();
  }
}

async function presetModel(io: CommandIo, name: string): Promise<Settings> {
  const { file, existed } = await copyPreset(name);
  io.stdout.write(existed ? `${file} exists and is used as it is.\n` : `${file}: copied from mappings/presets.\n`);
  return { MODEL_FILE: file };
}

/** An argument is saved in the history of the shell and visible in the list of processes. */
function refuseSecrets(set: Settings, settings: readonly PromptedSetting[]): void {
  const secret = settings.find((setting) => setting.secret && Object.hasOwn(set, setting.name));
  if (secret === undefined) return;
  throw new ConfigurationError(
    `--set ${secret.name}: do not pass a secret on the command line. Without it, init prompts for it or reads it from standard input.`,
  );
}

async function promptFor(
  settings: readonly PromptedSetting[],
  io: CommandIo,
  { force, set }: InitOptions,
  questions: Questions,
): Promise<Settings> {
  const answers: Record<string, string> = {};
  for (const { name, question, secret, skipIfSet } of settings) {
    if (isSet(name, set) || (skipIfSet !== undefined && (isSet(skipIfSet, set) || isSet(skipIfSet, io.env)))) continue;
    if (isSet(name, io.env) && !force) {
      io.stderr.write(`${name} is set already (--force asks for it again).\n`);
      continue;
    }
    const answer = await questions.ask(question, { secret });
    if (!answer) throw new ConfigurationError(`${name} is missing: type it, or pipe it into the command.`);
    answers[name] = answer;
  }
  return answers;
}

function isSet(name: string, values: NodeJS.ProcessEnv | Settings): boolean {
  return [values[name], values[`${name}_FILE`]].some((value) => value !== undefined && value.trim() !== '');
}

function connectorOf({ context }: Product, crm: string): CrmConnector {
  const mapped = context.crms.get(crm);
  if (!mapped) throw new ConfigurationError(`These settings do not set up ${crm}.`);
  return mapped.connector;
}

/** The time zone of the CRM account, unless TIMEZONE is set: the nightly job and dates use it. */
function timezoneOf(timezone: string | null, environment: NodeJS.ProcessEnv): Settings {
  if (timezone === null || environment.TIMEZONE) return {};
  return 'config' in readConfig({ TIMEZONE: timezone }) ? { TIMEZONE: timezone } : {};
}

async function saveSettings(io: CommandIo, settings: Settings): Promise<void> {
  const names = Object.keys(settings);
  if (names.length === 0) return;
  await writeEnvFile(resolve('.env'), settings);
  io.stdout.write(`.env: wrote ${names.join(', ')}. Only you can read the file.\n`);
}

/** @returns false if a problem prevents a dry run */
async function printPlan(io: CommandIo, connector: CrmConnector, { context }: Product): Promise<boolean> {
  const target = writeTarget(context.models);
  const checks = await connector.checkSetup(target, context.signal);
  const open = checks.filter(({ fixableBySetup, level }) => fixableBySetup !== true && level !== 'ok');
  for (const { what, level, detail, fix } of open) {
    const fixLine = fix === undefined ? '' : `\n  Fix: ${fix}`;
    io.stdout.write(`${level === 'problem' ? 'PROBLEM ' : ''}${connector.id}: ${what}: ${detail}${fixLine}\n`);
  }
  if (open.some(({ level }) => level === 'problem')) {
    io.stdout.write('\nFix the problems above, then run "npx leadgrade doctor".\n');
    io.setExitCode(2);
    return false;
  }
  io.stdout.write(`\nleadgrade setup would do this in ${connector.id}:\n`);
  for await (const { what, state } of connector.applySetup(target, { dryRun: true }, context.signal)) {
    io.stdout.write(`  ${what}: ${state.replace('-', ' ')}\n`);
  }
  return true;
}

const NEXT = `
Next: npx leadgrade backfill --dry-run   prints who would get which score; writes nothing
      npx leadgrade setup                creates the fields above
      npx leadgrade backfill             reads, scores, writes
      npx leadgrade start                runs the service
`;

async function offerDryRun(
  io: CommandIo,
  product: Product,
  options: InitOptions,
  questions: Questions,
  isReady: boolean,
): Promise<void> {
  io.stdout.write(NEXT);
  if (!isReady) return;
  const answer =
    options.dryRun || !questions.isTerminal
      ? null
      : await questions.ask('\nStart the dry run now? It reads all records once and writes nothing [Y/n]');
  const isWanted = options.dryRun || (answer !== null && !/^n/i.test(answer));
  if (!isWanted) return;
  io.stdout.write('\n');
  await readAndReport(io, product, { json: false, scores: null });
}
