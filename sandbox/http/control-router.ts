// The control API of a sandbox under /_sandbox/: its own controls, and the common ones for clock,
// faults and log.
import { type NextFunction, type Request, type Response, Router } from 'express';
import { z } from 'zod';
import type { SandboxClock } from '../clock.ts';
import { faultScriptSchema } from './fault-script.ts';
import type { RequestContext } from './receive.ts';
import type { Reply } from './reply.ts';

/** One route of the control API. */
export type Control<Context> = readonly [
  method: 'get' | 'post' | 'put' | 'patch' | 'delete',
  path: string,
  handle: (context: Context, req: Request) => Reply,
];

interface ControlOptions {
  /** Parses an ISO instant. */
  readonly instant: z.ZodType<Date>;
  /** The CRM's own error response; null if the error is not one of the CRM's. */
  readonly toErrorReply: (error: unknown) => Reply | null;
}

export function controlRouter<Context extends RequestContext>(
  context: Context,
  controls: readonly Control<Context>[],
  { instant, toErrorReply }: ControlOptions,
): Router {
  const router = Router();
  for (const [method, path, handle] of controls) {
    router[method](path, (req: Request, res: Response) => {
      const reply = handle(context, req);
      res.status(reply.status).json(reply.body ?? {});
    });
  }
  addCommonControls(router, context, instant);
  router.use((_req, res) => {
    res.status(404).json({ message: 'unknown path of the control API; see the documents in the folder sandbox' });
  });
  router.use((error: unknown, _req: Request, res: Response, next: NextFunction) => {
    const reply = toErrorReply(error);
    if (reply !== null) res.status(reply.status).json(reply.body);
    else if (error instanceof z.ZodError) res.status(400).json({ message: z.prettifyError(error) });
    else next(error);
  });
  return router;
}

function addCommonControls(router: Router, context: RequestContext, instant: z.ZodType<Date>): void {
  const { clock, faults, log } = context;
  const clockSchema = z.strictObject({ now: instant });
  router.get('/clock', (_req, res) => void res.json(clockJson(clock)));
  router.put('/clock', (req, res) => {
    clock.setTime(clockSchema.parse(req.body).now);
    res.json(clockJson(clock));
  });
  router.put('/faults', (req, res) => {
    faults.replace(faultScriptSchema.parse(req.body));
    res.json({});
  });
  router.post('/reset-log', (_req, res) => {
    log.reset();
    res.json({});
  });
  router.get('/log', (req, res) => {
    const { since } = z.object({ since: z.string().optional() }).parse(req.query);
    const lines = log.entries(since).map((entry) => `${JSON.stringify(entry)}\n`);
    res.type('application/x-ndjson').send(lines.join(''));
  });
}

function clockJson(clock: SandboxClock): { now: string } {
  return { now: new Date(clock.now()).toISOString() };
}
