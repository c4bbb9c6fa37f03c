// The thread of the watchdog: counts its own ticks while the main thread does not turn.
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

interface WatchdogData {
  /** Incremented by each turn of the main thread. */
  readonly turns: Int32Array<SharedArrayBuffer>;
  readonly tickMs: number;
  /** Ticks without a turn after which the process is killed. */
  readonly maxTicks: number;
  readonly limitMs: number;
}

const { turns, tickMs, maxTicks, limitMs }: WatchdogData = workerData;
const STANDARD_ERROR = 2;
let seen = Atomics.load(turns, 0);
let ticksWithoutTurn = 0;

setInterval(() => {
  const now = Atomics.load(turns, 0);
  ticksWithoutTurn = now === seen ? ticksWithoutTurn + 1 : 0;
  seen = now;
  if (ticksWithoutTurn < maxTicks) return;
  const why = `Its event loop was blocked for ${limitMs / 1_000} s. No data is lost: the work is continued at the next start.`;
  writeSync(STANDARD_ERROR, `leadgrade was ended. ${why}\n`);
  // In a thread, process.exit ends the thread alone.
  process.kill(process.pid, 'SIGKILL');
}, tickMs);
