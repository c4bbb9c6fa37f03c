// What happens to every request before an endpoint sees it: it is logged, and the fault script has it first.
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { SandboxClock } from '../sandbox-clock.ts';
import type { Deliver, Exchange } from './deliver.ts';
import type { FaultAction, FaultScript } from './fault-script.ts';
import type { RequestLog } from './request-log.ts';

export interface RequestContext {
  readonly clock: SandboxClock;
  readonly faults: FaultScript;
  readonly log: RequestLog;
  /** Requests under way, by the request itself. */
  readonly exchanges: WeakMap<Request, Exchange>;
}

/** Logs the request and lets the fault script have it first. */
export function receive(entrance: RequestContext, deliver: Deliver): RequestHandler {
  const { clock, faults, log, exchanges } = entrance;
  return async (req: Request, res: Response, next: NextFunction) => {
    const fault = faults.next(req.method, req.originalUrl);
    const [path = '', query = ''] = req.originalUrl.split('?');
    const at = new Date(clock.now()).toISOString();
    const entry = log.arrived({ at, method: req.method, path, query, correlationId: randomUUID() });
    const exchange = { entry, log, fault };
    exchanges.set(req, exchange);
    if (fault?.delayMs !== undefined) await wait(fault.delayMs, undefined, { ref: false });
    if (fault?.reset) {
      entry.fault = 'reset';
      log.finished(entry);
      req.socket.resetAndDestroy();
    } else if (fault && replaces(fault)) {
      entry.fault = 'answered by the fault script';
      const reply = { status: fault.status ?? 200, body: fault.body ?? {} };
      await deliver(res, exchange, reply, fault.headers ?? {});
    } else {
      next();
    }
  };
}

function replaces(fault: FaultAction): boolean {
  return fault.status !== undefined || fault.body !== undefined || fault.hangAfterHeaders === true;
}
