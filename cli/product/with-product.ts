// What every command that needs the store does first and last: settings, log, product; and what went wrong as an exit code.
import { pino } from 'pino';
import type { Log } from '../../jobs/context.ts';
import { OPERATOR_ACTION_KINDS } from '../../jobs/failure-policy.ts';
import { ConnectorError } from '../../src/crm/connector-error.ts';
import type { CommandIo } from '../terminal/io.ts';
import { type Config, readConfig } from './config.ts';
import { ConfigurationError } from './load-crms.ts';
import { openProduct, type Product } from './open-product.ts';

/** Progress and logs go to standard error: standard output is for results. */
export function createLog(io: CommandIo, level: string): Log {
  return pino({ level, timestamp: pino.stdTimeFunctions.isoTime, base: null }, io.stderr);
}

interface WithProductOptions {
  readonly asOf?: Date | undefined;
  /** For commands that people wait for: what they should know is said in their own output. */
  readonly quiet?: boolean;
}

/** Opens the product for `work`, closes it whatever happens, and turns failures into messages and exit codes. */
export async function withProduct(
  io: CommandIo,
  options: WithProductOptions,
  work: (product: Product, config: Config) => Promise<void>,
): Promise<void> {
  await reportFailures(io, async () => {
    const config = settings(io);
    const log = createLog(io, options.quiet ? 'error' : config.logLevel);
    const product = await openProduct(config, { clock: io.clock, log, asOf: options.asOf ?? null });
    try {
      await work(product, config);
    } finally {
      await product.close();
    }
  });
}

/** @throws ConfigurationError with all that is wrong */
export function settings(io: CommandIo): Config {
  const read = readConfig(io.env);
  if ('problems' in read) throw new ConfigurationError(read.problems);
  return read.config;
}

export async function reportFailures(io: CommandIo, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    io.setExitCode(exitCodeOf(error));
    io.stderr.write(`${wordsOf(error)}\n`);
  }
}

function exitCodeOf(error: unknown): 2 | 3 {
  if (error instanceof ConfigurationError) return 2;
  return error instanceof ConnectorError && OPERATOR_ACTION_KINDS.has(error.kind) ? 2 : 3;
}

function wordsOf(error: unknown): string {
  if (error instanceof ConnectorError) return [error.message, error.fix].filter(Boolean).join(' ');
  if (!(error instanceof Error)) return String(error);
  const message = error instanceof AggregateError && error.message === '' ? errorsOf(error) : error.message;
  return error instanceof ConfigurationError ? message : `leadgrade could not run: ${message}`;
}

/** Node gives one error for each address that it tried. */
function errorsOf({ errors }: AggregateError): string {
  return errors.map((each: unknown) => (each instanceof Error ? each.message : String(each))).join('; ');
}
