// Sends an answer, or spoils it as the fault script says.
import { setTimeout as wait } from 'node:timers/promises';
import type { Response } from 'express';
import type { FaultAction } from './fault-script.ts';
import type { Reply } from './reply.ts';
import type { LogEntry, RequestLog } from './request-log.ts';

const DRIP_MS = 50;
const DRIP_BYTES = 16;

/** One request on its way through the sandbox. */
export interface Exchange {
  readonly entry: LogEntry;
  readonly log: RequestLog;
  /** What goes wrong with its answer, if anything. */
  readonly fault: FaultAction | null;
}

/** Sends what a sandbox answers, in that CRM's form. */
export type Deliver = (
  res: Response,
  exchange: Exchange,
  reply: Reply,
  headers: Readonly<Record<string, string>>,
) => Promise<void>;

/** Answers with JSON, or with text as it is. `headers` go before those of the reply. */
export const deliver: Deliver = async (res, exchange, reply, headers) => {
  const { entry, log, fault } = exchange;
  entry.status = reply.status;
  if (fault?.applyThenHang) {
    entry.fault = 'applied, then hung';
    return log.finished(entry);
  }
  if (fault?.applyThenReset) {
    entry.fault = 'applied, then reset';
    log.finished(entry);
    res.socket?.resetAndDestroy();
    return;
  }
  const text = bodyText(reply);
  // By the sandbox's clock: a client that reckons with the server's time must find one time, not two.
  res.set('Date', new Date(entry.at).toUTCString());
  res.status(reply.status).set({ ...reply.headers, ...headers });
  if (text !== '' && !res.hasHeader('Content-Type')) res.set('Content-Type', 'application/json;charset=utf-8');
  if (fault?.hangAfterHeaders) {
    entry.fault = 'hung after headers';
    res.flushHeaders();
    return log.finished(entry);
  }
  if (fault?.drip) {
    entry.fault = 'dripped';
    await drip(res, text, fault.drip === true ? DRIP_MS : fault.drip);
  } else {
    res.end(text);
  }
  log.finished(entry);
};

function bodyText({ body }: Reply): string {
  if (body === undefined) return '';
  return typeof body === 'string' ? body : JSON.stringify(body);
}

async function drip(res: Response, text: string, everyMs: number): Promise<void> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += DRIP_BYTES) {
    if (res.destroyed) return;
    res.write(bytes.subarray(at, at + DRIP_BYTES));
    // A process that is ending does not wait for it.
    await wait(everyMs, undefined, { ref: false });
  }
  res.end();
}
