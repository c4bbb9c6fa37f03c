// What every command with a database does first and last: settings, log, product, exit code.
import { pino } from 'pino';
import type { Log, ScoredModel } from '../../jobs/context.ts';
import type { CommandIo } from '../terminal/io.ts';
import { type Config, loadConfig } from './config.ts';
import { loadModels } from './files/load-models.ts';
import { shippedFile } from './files/shipped-file.ts';
import { openProduct, type Product } from './open-product.ts';
import { reportFailures } from './report-failures.ts';

/** Logs to standard error: standard output is for results. */
export function createLog(io: CommandIo, level: string): Log {
  return pino({ level, timestamp: pino.stdTimeFunctions.isoTime, base: null }, io.stderr);
}

interface WithProductOptions {
  /** Score as of this instant instead of now. */
  readonly asOf?: Date | undefined;
  /** Models, or their file, in place of the applied ones. */
  readonly models?: readonly ScoredModel[] | string | undefined;
  /** Models that are not applied yet, whose fields the connectors must know as well. */
  readonly nextModels?: readonly ScoredModel[];
  /** For interactive commands, whose own output contains the warnings. LOG_LEVEL is ignored. */
  readonly logErrorsOnly?: boolean;
}

/**
 * Opens the product for `work`, always closes it, and turns failures into messages and exit codes.
 */
export async function withProduct(
  io: CommandIo,
  options: WithProductOptions,
  work: (product: Product, config: Config) => Promise<void>,
): Promise<void> {
  await reportFailures(io, async () => {
    const config = loadConfig(io.env);
    const log = createLog(io, options.logErrorsOnly ? 'error' : config.logLevel);
    const { models: given } = options;
    const models = typeof given === 'string' ? await loadModels(shippedFile(given)) : given;
    const product = await openProduct(config, {
      clock: io.clock,
      log,
      asOf: options.asOf ?? null,
      models,
      nextModels: options.nextModels,
    });
    try {
      await work(product, config);
    } finally {
      await product.close();
    }
  });
}
