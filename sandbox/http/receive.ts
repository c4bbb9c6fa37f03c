// Runs before every endpoint: logs the request and applies the fault script.
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { SandboxClock } from '../clock.ts';
import type { FaultAction, FaultScript } from './fault-script.ts';
import type { RequestLog } from './request-log.ts';
import type { Exchange, SendReply } from './send-reply.ts';

export interface RequestContext {
  readonly clock: SandboxClock;
  readonly faults: FaultScript;
  readonly log: RequestLog;
  /** Requests that are being handled. */
  readonly exchanges: WeakMap<Request, Exchange>;
}

/**
 * Logs the request and applies its fault; a fault without a response passes it on to the endpoint.
 */
export function receive(context: RequestContext, sendReply: SendReply): RequestHandler {
  const { clock, faults, log, exchanges } = context;
  return async (req: Request, res: Response, next: NextFunction) => {
    const fault = faults.next(req.method, req.originalUrl);
    const [path = '', query = ''] = req.originalUrl.split('?');
    const at = new Date(clock.now()).toISOString();
    const entry = log.start({ at, method: req.method, path, query, correlationId: randomUUID() });
    const exchange = { entry, log, fault };
    exchanges.set(req, exchange);
    await applyFault(exchange, sendReply, req, res, next);
  };
}

/** Applies the faults of requests by what their bodies contain. Runs after the body was parsed. */
export function receiveBody(context: RequestContext, sendReply: SendReply): RequestHandler {
  const { faults, exchanges } = context;
  return async (req: Request, res: Response, next: NextFunction) => {
    const exchange = exchanges.get(req);
    const body: unknown = req.body;
    if (exchange === undefined || body === undefined || exchange.fault !== null) return next();
    const fault = faults.next(req.method, req.originalUrl, JSON.stringify(body));
    if (fault === null) return next();
    const failing = { ...exchange, fault };
    exchanges.set(req, failing);
    await applyFault(failing, sendReply, req, res, next);
  };
}

async function applyFault(
  exchange: Exchange,
  sendReply: SendReply,
  req: Request,
  res: Response,
  next: NextFunction,
): Promise<void> {
  const { entry, log, fault } = exchange;
  if (fault?.delayMs !== undefined) await wait(fault.delayMs, undefined, { ref: false });
  if (fault?.reset) {
    entry.fault = 'reset';
    log.finish(entry);
    req.socket.resetAndDestroy();
  } else if (fault && replacesEndpoint(fault)) {
    entry.fault = 'answered by the fault script';
    const reply = { status: fault.status ?? 200, body: fault.body ?? {} };
    await sendReply(res, exchange, reply, fault.headers ?? {});
  } else {
    next();
  }
}

function replacesEndpoint(fault: FaultAction): boolean {
  return fault.status !== undefined || fault.body !== undefined || fault.hangAfterHeaders === true;
}
