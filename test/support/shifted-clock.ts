// Preloaded into a process (`node --import`): its clock is ahead by the milliseconds in the file CLOCK_AHEAD_FILE. The clock is put
// right, also of a running process, by writing 0 into the file.
import { readFileSync } from 'node:fs';

const RealDate = Date;
const file = process.env.CLOCK_AHEAD_FILE ?? '';
let aheadMs = Number(readFileSync(file, 'utf8'));
setInterval(() => {
  aheadMs = Number(readFileSync(file, 'utf8'));
}, 50).unref();

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args: unknown[], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [RealDate.now() + aheadMs] : args, newTarget),
  get: (target, key) => (key === 'now' ? () => RealDate.now() + aheadMs : Reflect.get(target, key)),
});
