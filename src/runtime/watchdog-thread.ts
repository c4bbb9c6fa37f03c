// The thread of the watchdog: counts its own intervals while the main thread does not turn.
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

interface WatchdogData {
  /** Incremented by each turn of the main thread. */
  readonly turns: Int32Array<SharedArrayBuffer>;
  readonly intervalMs: number;
  /** Intervals without a turn after which the process is killed. */
  readonly maxIntervals: number;
  readonly limitMs: number;
}

const { turns, intervalMs, maxIntervals, limitMs }: WatchdogData = workerData;
const STANDARD_ERROR = 2;
let seen = Atomics.load(turns, 0);
let intervalsWithoutTurn = 0;

setInterval(() => {
  const now = Atomics.load(turns, 0);
  intervalsWithoutTurn = now === seen ? intervalsWithoutTurn + 1 : 0;
  seen = now;
  if (intervalsWithoutTurn < maxIntervals) return;
  const why = `Its event loop was blocked for ${limitMs / 1_000} s. No data is lost: the work is continued at the next start.`;
  writeSync(STANDARD_ERROR, `leadgrade was ended. ${why}\n`);
  // In a thread, process.exit ends the thread alone.
  process.kill(process.pid, 'SIGKILL');
}, intervalMs);
