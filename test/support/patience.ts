// Time limits that follow the machine: on one that has more to do than processors, everything takes as much longer.
import { availableParallelism, loadavg } from 'node:os';

const MOST = 6;

/** 1 on an idle machine; how much longer things take on a busy one, at most 6. */
function slowness(): number {
  const [lastMinute = 0] = loadavg();
  return Math.min(MOST, Math.max(1, lastMinute / availableParallelism()));
}

/** A time limit for this moment, from one for an idle machine (ms). */
export function patient(ms: number): number {
  return Math.ceil(ms * slowness());
}
