// A log that anybody outside can have written to: what is the same is told of once a minute, however often it happens. The metrics count each.
import type { Clock } from '../../src/domain/clock.ts';

export interface WarningLog {
  warn(details: object, message: string): void;
}

const LOG_INTERVAL_MS = 60_000;

/** @returns warns of a subject, at most once a minute */
export function createThrottledLog(
  log: WarningLog,
  clock: Clock,
): (subject: string, details: object, message: string) => void {
  const told = new Map<string, number>();
  return (subject, details, message) => {
    const now = clock.now().getTime();
    if (now - (told.get(subject) ?? Number.NEGATIVE_INFINITY) < LOG_INTERVAL_MS) return;
    told.set(subject, now);
    log.warn(details, message);
  };
}

/** What a log may say of an error: a message of the database may quote what somebody sent. */
export function redactError(error: unknown): { readonly error: string; readonly code?: string } {
  if (!(error instanceof Error)) return { error: 'unknown' };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  return { error: error.name, ...code };
}
