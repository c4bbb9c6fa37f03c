// Shutdown signals of a running command.

/** A shutdown signal ended the command; the message is printed as it is. Exit code 3. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}

/** Resolves at the first SIGTERM or SIGINT. The second signal ends the process at once. */
export function waitForShutdownSignal(): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      process.removeListener('SIGTERM', stop);
      process.removeListener('SIGINT', stop);
      resolve();
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  });
}
