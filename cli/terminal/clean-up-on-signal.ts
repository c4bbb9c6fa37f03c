// Cleans up when a shutdown signal ends a command that has no other use for it.
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * Runs `cleanUp` at the first shutdown signal, then ends the process by that signal.
 * @returns removes the handlers
 */
export function cleanUpOnSignal(cleanUp: () => Promise<void>): () => void {
  const handlers = SIGNALS.map((signal) => {
    const end = (): void => {
      remove();
      cleanUp()
        .catch(() => undefined)
        .finally(() => process.kill(process.pid, signal));
    };
    return { signal, end };
  });
  const remove = (): void => {
    for (const { signal, end } of handlers) process.removeListener(signal, end);
  };
  for (const { signal, end } of handlers) process.on(signal, end);
  return remove;
}
