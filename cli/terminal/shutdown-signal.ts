// Shutdown signals of a running command.

/** A shutdown signal ended the command; the message is printed as it is. Exit code 3. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}

/** From the signal to the end of the process, whatever database, queue or CRM do. */
const EXIT_DEADLINE_MS = 25_000;

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
const END = {
  SIGTERM: (): void => process.exit(128 + 15),
  SIGINT: (): void => process.exit(128 + 2),
};

/**
 * Resolves at the first SIGTERM or SIGINT; the process then has EXIT_DEADLINE_MS to end by itself.
 * The second signal ends the process at once.
 */
export function waitForShutdownSignal(): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      for (const signal of SIGNALS) process.removeListener(signal, stop);
      endAtSignals();
      setTimeout(endLate, EXIT_DEADLINE_MS).unref();
      resolve();
    };
    for (const signal of SIGNALS) {
      process.removeListener(signal, END[signal]);
      process.on(signal, stop);
    }
  });
}

function endLate(): void {
  const why = 'a connection did not close. No data is lost: the work is continued at the next start.';
  process.stderr.write(`leadgrade did not stop within ${EXIT_DEADLINE_MS / 1_000} s and was ended: ${why}\n`);
  process.exit(3);
}

/**
 * As process 1 of a container, a process does not end by a signal that it does not listen to
 * (kill(2)). Call it at the start of the process.
 */
export function endAtSignals(): void {
  if (process.pid !== 1) return;
  for (const signal of SIGNALS) process.on(signal, END[signal]);
}

const LEFTOVER_MS = 1_000;

/**
 * Ends the process when its command is done: a request without an answer or a broken connection
 * would hold it for minutes. Output that is not written yet is waited for.
 */
export function endAfterCommand(streams: readonly { readonly writableLength: number }[]): void {
  const end = () => {
    if (streams.some(({ writableLength }) => writableLength > 0)) endAfterCommand(streams);
    else process.exit();
  };
  setTimeout(end, LEFTOVER_MS).unref();
}
