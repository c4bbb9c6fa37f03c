// Rate-limits warnings that unauthenticated requests can trigger: one line per reason and minute.
// The metrics count every request.
import type { Clock } from '../../src/domain/clock.ts';

export interface WarningLog {
  warn(details: object, message: string): void;
}

const LOG_INTERVAL_MS = 60_000;

/** @returns logs a warning, at most one a minute for each reason */
export function createThrottledLog(
  log: WarningLog,
  clock: Clock,
): (reason: string, details: object, message: string) => void {
  const loggedAt = new Map<string, number>();
  return (reason, details, message) => {
    const now = clock.now().getTime();
    if (now - (loggedAt.get(reason) ?? Number.NEGATIVE_INFINITY) < LOG_INTERVAL_MS) return;
    loggedAt.set(reason, now);
    log.warn(details, message);
  };
}

/**
 * The parts of an error that may be logged: the message of a database error may quote the request.
 */
export function redactError(error: unknown): { readonly error: string; readonly code?: string } {
  if (!(error instanceof Error)) return { error: 'unknown' };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  return { error: error.name, ...code };
}
