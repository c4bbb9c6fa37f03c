// How a running command is told to end.

/** Resolves at SIGTERM or SIGINT. A second signal ends the process at once, as usual. */
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
