// Turns what a command throws into a message on standard error and an exit code.

import { OPERATOR_ACTION_KINDS } from '../../jobs/failure-policy.ts';
import { UnreadableModelError } from '../../jobs/unreadable-model.ts';
import { ConnectorError } from '../../src/crm/connector-error.ts';
import { OutdatedSchemaError } from '../../src/store/migrate.ts';
import type { CommandIo } from '../terminal/io.ts';
import { InterruptedError } from '../terminal/shutdown-signal.ts';
import { ConfigurationError } from './configuration-error.ts';

export async function reportFailures(io: CommandIo, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    io.setExitCode(exitCodeOf(error));
    io.stderr.write(`${messageOf(error)}\n`);
  }
}

function exitCodeOf(error: unknown): 2 | 3 {
  if (needsOtherSettings(error)) return 2;
  return error instanceof ConnectorError && OPERATOR_ACTION_KINDS.has(error.kind) ? 2 : 3;
}

function needsOtherSettings(error: unknown): error is ConfigurationError | OutdatedSchemaError | UnreadableModelError {
  return (
    error instanceof ConfigurationError || error instanceof OutdatedSchemaError || error instanceof UnreadableModelError
  );
}

function messageOf(error: unknown): string {
  if (error instanceof ConnectorError) return [error.message, error.fix].filter(Boolean).join(' ');
  if (!(error instanceof Error)) return String(error);
  if (needsOtherSettings(error) || error instanceof InterruptedError) return error.message;
  const message = error instanceof AggregateError && error.message === '' ? joinMessages(error) : error.message;
  return `leadgrade could not run: ${message}`;
}

/** Node reports a refused connection as one error for each address that it tried. */
function joinMessages({ errors }: AggregateError): string {
  return errors.map((error: unknown) => (error instanceof Error ? error.message : String(error))).join('; ');
}
