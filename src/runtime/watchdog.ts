// Ends a process whose event loop is blocked: it answers no request, renews no lock and hears no
// SIGTERM, so nothing but a kill ends it. Whatever supervises the process starts it again.
import { url as debuggerUrl } from 'node:inspector';
import { Worker } from 'node:worker_threads';

/** Longer than any work without a pause, on a slow machine too. */
const LIMIT_MS = 60_000;
const INTERVALS = 30;

interface WatchdogOptions {
  readonly limitMs?: number;
}

/**
 * Starts a thread that kills this process (SIGKILL) when its event loop has not turned for
 * `limitMs` (default: 60 s). Time in which the whole process stands still does not count: a machine
 * that sleeps, or SIGSTOP. Does nothing under a debugger, whose breakpoints block the event loop.
 * @returns stops the thread
 */
export function startWatchdog({ limitMs = LIMIT_MS }: WatchdogOptions = {}): () => void {
  if (debuggerUrl() !== undefined) return () => undefined;
  const turns = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const intervalMs = limitMs / INTERVALS;
  const timer = setInterval(() => Atomics.add(turns, 0, 1), intervalMs / 2);
  timer.unref();
  const workerData = { turns, intervalMs, maxIntervals: INTERVALS, limitMs };
  const thread = new Worker(new URL('./watchdog-thread.ts', import.meta.url), { workerData, execArgv: [] });
  thread.unref();
  // A process without a watchdog works as well.
  thread.on('error', () => undefined);
  return () => {
    clearInterval(timer);
    void thread.terminate();
  };
}
