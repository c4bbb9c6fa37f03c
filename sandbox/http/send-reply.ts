// Sends a response, with the fault that the fault script wants.
import { setTimeout as wait } from 'node:timers/promises';
import type { Response } from 'express';
import type { FaultAction } from './fault-script.ts';
import type { Reply } from './reply.ts';
import type { LogEntry, RequestLog } from './request-log.ts';

const DRIP_MS = 50;
const DRIP_BYTES = 16;

/** One request that the sandbox is handling. */
export interface Exchange {
  readonly entry: LogEntry;
  readonly log: RequestLog;
  /** The fault of this request; null = none. */
  readonly fault: FaultAction | null;
}

/** Sends a response in the format of one CRM. */
export type SendReply = (
  res: Response,
  exchange: Exchange,
  reply: Reply,
  headers: Readonly<Record<string, string>>,
) => Promise<void>;

/** Sends objects as JSON and text unchanged. `headers` override those of the reply. */
export const sendReply: SendReply = async (res, exchange, reply, headers) => {
  const { entry, log, fault } = exchange;
  entry.status = reply.status;
  if (fault?.applyThenHang) {
    entry.fault = 'applied, then hung';
    return log.finish(entry);
  }
  if (fault?.applyThenReset) {
    entry.fault = 'applied, then reset';
    log.finish(entry);
    res.socket?.resetAndDestroy();
    return;
  }
  const text = bodyText(reply);
  // The sandbox's clock, as in the body: a client that uses the server's time must see one time,
  // not two.
  res.set('Date', new Date(entry.at).toUTCString());
  res.status(reply.status).set({ ...reply.headers, ...headers });
  if (text !== '' && !res.hasHeader('Content-Type')) res.set('Content-Type', 'application/json;charset=utf-8');
  if (fault?.hangAfterHeaders) {
    entry.fault = 'hung after headers';
    res.flushHeaders();
    return log.finish(entry);
  }
  if (fault?.drip) {
    entry.fault = 'dripped';
    await drip(res, text, fault.drip === true ? DRIP_MS : fault.drip);
  } else {
    res.end(text);
  }
  log.finish(entry);
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
    // `ref: false`: a slow response does not keep a process alive that wants to exit.
    await wait(everyMs, undefined, { ref: false });
  }
  res.end();
}
