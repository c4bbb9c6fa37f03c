// `leadgrade init`: from a token to the first dry run. Asks for what a CRM needs, tries it at once, writes .env, and shows what
// `setup` would create.
import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { type AskedSetting, connectorIds, loadConnector } from '../../connectors/registry.ts';
import type { CrmConnector } from '../../src/crm/connector.ts';
import { readConfig } from '../product/config.ts';
import { ConfigurationError } from '../product/load-crms.ts';
import type { Product } from '../product/open-product.ts';
import { reportFailures } from '../product/with-product.ts';
import { readAndReport, withThrowawayProduct } from '../runs/dry-run.ts';
import { writeTarget } from '../setup/write-target.ts';
import type { CommandIo } from '../terminal/io.ts';
import { writeEnvFile } from './env-file.ts';
import { hubspotAppCommand } from './hubspot-app-command.ts';
import { openQuestions, type Questions } from './prompts.ts';

type Settings = Readonly<Record<string, string>>;

interface InitOptions {
  readonly crm: string;
  readonly set: Settings;
  readonly force: boolean;
  readonly dryRun: boolean;
}

export function initCommand(io: CommandIo): Command {
  return new Command('init')
    .description('connect a CRM: ask for its token, try it, write .env, show what setup would create, offer a dry run')
    .option('--crm <crm>', 'which CRM', 'hubspot')
    .option('--set <NAME=VALUE>', 'another setting to write; may be given several times', setting, {})
    .option('--force', 'ask again for what is set already', false)
    .option('--dry-run', 'do the first dry run without asking', false)
    .action((options: InitOptions) => reportFailures(io, () => init(io, options)))
    .addCommand(hubspotAppCommand(io));
}

function setting(text: string, before: Settings): Settings {
  const [, name, value] = /^([A-Z][A-Z0-9_]*)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new InvalidArgumentError('It must be NAME=VALUE, e.g. TIMEZONE=Europe/Berlin.');
  }
  return { ...before, [name]: value };
}

async function init(io: CommandIo, options: InitOptions): Promise<void> {
  const known = await connectorIds();
  if (!known.includes(options.crm)) {
    throw new ConfigurationError(`--crm "${options.crm}" is not there; there is ${known.join(', ')}.`);
  }
  const { promptedSettings } = await loadConnector(options.crm);
  refuseSecrets(options.set, promptedSettings);
  const questions = openQuestions(io);
  try {
    const answers = { ...options.set, ...(await askFor(promptedSettings, io, options, questions)) };
    const read = readConfig({ ...io.env, ...answers });
    if ('problems' in read) throw new ConfigurationError(read.problems);
    await withThrowawayProduct(io, read.config, { asOf: undefined }, async (product) => {
      const connector = connectorOf(product, options.crm);
      const account = await connector.describeAccount(product.context.signal);
      io.stdout.write(`${options.crm}: accepted by ${account.name}.\n`);
      await keep(io, { ...timezoneOf(account.timezone, { ...io.env, ...answers }), ...answers });
      const isReady = await showPlan(io, connector, product);
      await offerDryRun(io, product, options, questions, isReady);
    });
  } finally {
    questions.close();
  }
}

/** What stands in an argument stands in the shell's history, too. */
function refuseSecrets(set: Settings, asks: readonly AskedSetting[]): void {
  const secret = asks.find((each) => each.secret && Object.hasOwn(set, each.name));
  if (secret === undefined) return;
  throw new ConfigurationError(
    `--set ${secret.name}: a secret does not belong into a command line. Leave it out: it is asked for, or read from standard input.`,
  );
}

async function askFor(
  asks: readonly AskedSetting[],
  io: CommandIo,
  { force, set }: InitOptions,
  questions: Questions,
): Promise<Settings> {
  const answers: Record<string, string> = {};
  for (const { name, question, secret, unless } of asks) {
    if (isGiven(name, set) || (unless !== undefined && (isGiven(unless, set) || isGiven(unless, io.env)))) continue;
    if (isGiven(name, io.env) && !force) {
      io.stderr.write(`${name} is set already (--force asks for it again).\n`);
      continue;
    }
    const answer = await questions.ask(question, { secret });
    if (!answer) throw new ConfigurationError(`${name} is missing: type it, or pipe it into the command.`);
    answers[name] = answer;
  }
  return answers;
}

function isGiven(name: string, given: NodeJS.ProcessEnv | Settings): boolean {
  return [given[name], given[`${name}_FILE`]].some((value) => value !== undefined && value.trim() !== '');
}

function connectorOf({ context }: Product, crm: string): CrmConnector {
  const mapped = context.crms.get(crm);
  if (!mapped) throw new ConfigurationError(`${crm} is not set up by these settings.`);
  return mapped.connector;
}

/** The account's time zone, unless somebody has chosen one: nights and dates are those of its people. */
function timezoneOf(timezone: string | null, environment: NodeJS.ProcessEnv): Settings {
  if (timezone === null || environment.TIMEZONE) return {};
  const isKnown = readConfig({ TIMEZONE: timezone });
  return 'config' in isKnown ? { TIMEZONE: timezone } : {};
}

async function keep(io: CommandIo, settings: Settings): Promise<void> {
  const names = Object.keys(settings);
  if (names.length === 0) return;
  await writeEnvFile(resolve('.env'), settings);
  io.stdout.write(`.env: wrote ${names.join(', ')}; only you may read it.\n`);
}

/** @returns whether everything that a dry run needs is there */
async function showPlan(io: CommandIo, connector: CrmConnector, { context }: Product): Promise<boolean> {
  const target = writeTarget(context.model);
  const checks = (await connector.checkSetup(target, context.signal)).filter(({ bySetup }) => bySetup !== true);
  for (const { what, level, detail, fix } of checks.filter((check) => check.level !== 'ok')) {
    const mend = fix === undefined ? '' : `\n  Fix: ${fix}`;
    io.stdout.write(`${level === 'problem' ? 'PROBLEM ' : ''}${connector.id}: ${what}: ${detail}${mend}\n`);
  }
  if (checks.some(({ level }) => level === 'problem')) {
    io.stdout.write('\nMend this, then run leadgrade doctor.\n');
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
Next: npx leadgrade backfill --dry-run   who would get what; writes nothing
      npx leadgrade setup                creates the fields above
      npx leadgrade backfill             reads, scores, writes
      npx leadgrade start                keeps it current
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
      : await questions.ask('\nDo the dry run now? It reads everything once and writes nothing [Y/n]');
  const isWanted = options.dryRun || (answer !== null && !/^n/i.test(answer));
  if (!isWanted) return;
  io.stdout.write('\n');
  await readAndReport(io, product, { json: false, scores: null });
}
