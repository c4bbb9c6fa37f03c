// Rate-limits warnings that an outage or unauthenticated requests can repeat: one line per reason and
// minute, with the number of lines that were left out.
import type { Clock } from '../domain/clock.ts';

export interface WarningLog {
  warn(details: object, message: string): void;
}

const LOG_INTERVAL_MS = 60_000;

/** @param reason a fixed text: each has a line of its own */
export type ThrottledLog = (reason: string, details: object, message: string) => void;

/** @returns logs a warning, at most one a minute for each reason */
export function createThrottledLog(log: WarningLog, clock: Clock): ThrottledLog {
  const reasons = new Map<string, { at: number; leftOut: number }>();
  return (reason, details, message) => {
    const now = clock.now().getTime();
    const last = reasons.get(reason);
    // A negative age: the clock was ahead and was put right.
    const age = last === undefined ? Number.POSITIVE_INFINITY : now - last.at;
    if (last !== undefined && age >= 0 && age < LOG_INTERVAL_MS) {
      last.leftOut += 1;
      return;
    }
    reasons.set(reason, { at: now, leftOut: 0 });
    log.warn(last === undefined || last.leftOut === 0 ? details : { ...details, leftOut: last.leftOut }, message);
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
